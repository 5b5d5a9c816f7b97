#include "titrate/train/validation.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace titrate::train {
namespace {

// After each epoch: whether it was the best, then whether it is the last.
std::string course(const study::TrainSettings& settings, const std::vector<double>& losses,
                   ValidationWatch& watch) {
  std::string text;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    text += watch.update(losses[i], static_cast<std::uint32_t>(i + 1), settings) ? 'b' : '.';
    if (watch.stops(settings)) text += '!';
  }
  return text;
}

std::string course(const study::TrainSettings& settings, const std::vector<double>& losses) {
  ValidationWatch watch;
  return course(settings, losses, watch);
}

TEST(ValidationWatch, KnowsTheBestEpoch) {
  ValidationWatch watch;
  EXPECT_EQ(course({}, {3, 2, 2.5, 1, 1.5}, watch), "bb.b.");
  EXPECT_EQ(watch.best_epoch, 4u);
  EXPECT_EQ(watch.best_loss, 1);
  EXPECT_EQ(watch.bad_epochs, 1u);
}

TEST(ValidationWatch, ATieIsNotBetter) {
  ValidationWatch watch;
  EXPECT_EQ(course({.early_stopping = 2}, {1, 1, 1}, watch), "b..!");
  EXPECT_EQ(watch.best_epoch, 1u);
  EXPECT_EQ(course({.early_stopping = 2}, {1, 1, std::nextafter(1.0, 0.0), 1}), "b.b.");
}

TEST(ValidationWatch, StopsAfterSoManyEpochsWithoutABetterOne) {
  EXPECT_EQ(course({.early_stopping = 1}, {2, 1, 1.5}), "bb.!");
  EXPECT_EQ(course({.early_stopping = 3}, {2, 3, 3, 1, 3, 3, 3}), "b..b...!");
  EXPECT_EQ(course({}, {1, 2, 3, 4, 5, 6}), "b.....");
}

TEST(ValidationWatch, ANumberThatIsNoneIsNeverTheBest) {
  EXPECT_EQ(course({}, {std::nan(""), 2, std::nan("")}), ".b.");
  EXPECT_EQ(course({}, {std::numeric_limits<double>::infinity(), 2}), ".b");
}

// ReduceLROnPlateau has a threshold of its own: what is better by less than a part in 10,000 is bad.
TEST(ValidationWatch, APlateauLowersTheRate) {
  const study::TrainSettings settings{
      .schedule = study::Schedule::plateau, .schedule_factor = 0.5, .schedule_patience = 1};
  ValidationWatch watch;
  course(settings, {1, 2}, watch);
  EXPECT_EQ(watch.plateau.scale, 1);
  course(settings, {2}, watch);
  EXPECT_EQ(watch.plateau.scale, 0.5);
  course(settings, {2}, watch);
  EXPECT_EQ(watch.plateau.scale, 0.5);
  course(settings, {2}, watch);
  EXPECT_EQ(watch.plateau.scale, 0.25);
  EXPECT_EQ(course(settings, {0.99995, 0.99994}, watch), "bb");
  EXPECT_EQ(watch.plateau.scale, 0.125);
}

TEST(ValidationWatch, OtherSchedulesKeepTheirRate) {
  using enum study::Schedule;
  for (const auto schedule : {constant, step, cosine, one_cycle}) {
    ValidationWatch watch;
    course({.schedule = schedule, .schedule_patience = 0}, {1, 2, 3, 4}, watch);
    EXPECT_EQ(watch.plateau.scale, 1) << choice_name(schedule);
  }
}

TEST(ValidationWatch, WhoNeedsIt) {
  EXPECT_FALSE(needs_validation({}));
  EXPECT_FALSE(needs_validation({.schedule = study::Schedule::cosine}));
  EXPECT_TRUE(needs_validation({.schedule = study::Schedule::plateau}));
  EXPECT_TRUE(needs_validation({.early_stopping = 1}));
  EXPECT_TRUE(needs_validation({.best_weights = true}));
}

}  // namespace
}  // namespace titrate::train
