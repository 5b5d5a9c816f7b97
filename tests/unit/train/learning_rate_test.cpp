#include "titrate/train/learning_rate.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace titrate::train {
namespace {

study::TrainSettings settings_of(study::Schedule schedule) {
  return {.learning_rate = 0.8, .schedule = schedule, .schedule_epochs = 3, .schedule_factor = 0.5};
}

double rate_at(study::Schedule schedule, std::uint64_t step, std::uint64_t total_steps,
               std::uint32_t epoch = 0) {
  return scheduled_rate(settings_of(schedule), {step, total_steps, epoch});
}

TEST(LearningRate, ConstantAndPlateauStandStill) {
  for (const auto schedule : {study::Schedule::constant, study::Schedule::plateau}) {
    EXPECT_EQ(rate_at(schedule, 0, 10), 0.8);
    EXPECT_EQ(rate_at(schedule, 9, 10, 5), 0.8);
  }
}

TEST(LearningRate, StepDropsEverySoManyEpochs) {
  for (std::uint32_t epoch = 0; epoch < 8; ++epoch) {
    const double expected = epoch < 3 ? 0.8 : epoch < 6 ? 0.4 : 0.2;
    EXPECT_DOUBLE_EQ(rate_at(study::Schedule::step, 7, 10, epoch), expected) << epoch;
  }
}

TEST(LearningRate, CosineFallsFromTheFirstStepToZeroAfterTheLast) {
  EXPECT_DOUBLE_EQ(rate_at(study::Schedule::cosine, 0, 12), 0.8);
  EXPECT_DOUBLE_EQ(rate_at(study::Schedule::cosine, 4, 12), 0.6);  // cos 60 degrees is 1/2
  EXPECT_DOUBLE_EQ(rate_at(study::Schedule::cosine, 6, 12), 0.4);
  EXPECT_NEAR(rate_at(study::Schedule::cosine, 12, 12), 0, 1e-15);
}

// 20 steps: up until step 5 (0.3 x 20 - 1), down until step 19.
TEST(LearningRate, OneCycleGoesUpAndFurtherDown) {
  EXPECT_DOUBLE_EQ(rate_at(study::Schedule::one_cycle, 0, 20), 0.8 / 25);
  EXPECT_DOUBLE_EQ(rate_at(study::Schedule::one_cycle, 5, 20), 0.8);
  EXPECT_DOUBLE_EQ(rate_at(study::Schedule::one_cycle, 12, 20), (0.8 + 0.8 / 25e4) / 2);
  EXPECT_NEAR(rate_at(study::Schedule::one_cycle, 19, 20), 0.8 / 25e4, 1e-15);
  EXPECT_GT(rate_at(study::Schedule::one_cycle, 4, 20), rate_at(study::Schedule::one_cycle, 3, 20));
  EXPECT_LT(rate_at(study::Schedule::one_cycle, 7, 20), rate_at(study::Schedule::one_cycle, 6, 20));
}

// With fewer than four steps there is no room to go up.
TEST(LearningRate, OneCycleOfFewStepsIsFinite) {
  for (std::uint64_t total = 1; total <= 4; ++total) {
    for (std::uint64_t step = 0; step < total; ++step) {
      const double rate = rate_at(study::Schedule::one_cycle, step, total);
      EXPECT_TRUE(rate > 0 && rate <= 0.8) << step << " of " << total << ": " << rate;
    }
  }
}

study::TrainSettings halving_after(std::uint32_t patience, double learning_rate = 0.1) {
  return {.learning_rate = learning_rate, .schedule_factor = 0.5, .schedule_patience = patience};
}

TEST(Plateau, DropsAfterMoreBadEpochsThanItsPatience) {
  Plateau plateau;
  const auto after = [&](double loss) {
    plateau.update(loss, halving_after(2));
    return plateau.scale;
  };
  EXPECT_EQ(after(1.0), 1);
  EXPECT_EQ(after(0.9), 1);
  for (const double loss : {0.9, 0.95}) EXPECT_EQ(after(loss), 1);
  EXPECT_EQ(after(0.9), 0.5);  // the third that is no better
  EXPECT_EQ(plateau.bad_epochs, 0u);
  EXPECT_EQ(after(0.8), 0.5);
  for (const double loss : {1.0, 1.0}) EXPECT_EQ(after(loss), 0.5);
  EXPECT_EQ(after(1.0), 0.25);
}

TEST(Plateau, BetterMeansByTheThreshold) {
  Plateau plateau;
  plateau.update(1.0, halving_after(5));
  plateau.update(1 - 0.5e-4, halving_after(5));
  EXPECT_EQ(plateau.bad_epochs, 1u);
  EXPECT_EQ(plateau.best, 1.0);
  plateau.update(1 - 2e-4, halving_after(5));
  EXPECT_EQ(plateau.bad_epochs, 0u);
  EXPECT_EQ(plateau.best, 1 - 2e-4);
}

// PyTorch's eps.
TEST(Plateau, ADropOfNextToNothingIsNone) {
  Plateau plateau;
  plateau.update(1.0, halving_after(0, 3e-8));
  plateau.update(1.0, halving_after(0, 3e-8));
  EXPECT_EQ(plateau.scale, 0.5);
  plateau.update(1.0, halving_after(0, 3e-8));  // by 0.75e-8
  EXPECT_EQ(plateau.scale, 0.5);
  EXPECT_EQ(plateau.bad_epochs, 0u);
}

TEST(Plateau, NoNumberIsNoBetter) {
  Plateau plateau;
  plateau.update(std::nan(""), halving_after(0));
  EXPECT_EQ(plateau.scale, 0.5);
}

}  // namespace
}  // namespace titrate::train
