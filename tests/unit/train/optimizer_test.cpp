#include "titrate/train/optimizer.hpp"

#include <gtest/gtest.h>

#include "titrate/core/error.hpp"

namespace titrate::train {
namespace {

using Floats = std::vector<float>;

// One parameter after another, each step by its own gradient.
Floats path(Optimizer& optimizer, float parameter, const Floats& gradients, double rate) {
  Floats parameters{parameter}, found;
  for (const float gradient : gradients) {
    optimizer.step(parameters, Floats{gradient}, rate);
    found.push_back(parameters[0]);
  }
  return found;
}

Floats path(const study::TrainSettings& settings, float parameter, const Floats& gradients, double rate) {
  Optimizer optimizer(settings, 1);
  return path(optimizer, parameter, gradients, rate);
}

// Numbers that floats hold exactly: v = v / 2 + g; p -= v / 4.
TEST(Sgd, MomentumGathersGradients) {
  Optimizer optimizer({.momentum = 0.5}, 2);
  Floats parameters{1, -8};
  const auto step = [&](float a, float b) {
    optimizer.step(parameters, Floats{a, b}, 0.25);
    return parameters;
  };
  EXPECT_EQ(step(4, 8), (Floats{0, -10}));        // v 4, 8
  EXPECT_EQ(step(2, -4), (Floats{-1, -10}));      // v 4, 0
  EXPECT_EQ(step(0, 1), (Floats{-1.5, -10.25}));  // v 2, 1
  EXPECT_EQ(optimizer.moments(), (std::vector<Floats>{{2, 1}}));
  EXPECT_EQ(optimizer.steps(), 3u);
}

TEST(Sgd, WithoutMomentumIsGradientDescent) {
  Optimizer optimizer({}, 1);
  Floats parameters{1};
  optimizer.step(parameters, Floats{4}, 0.25);
  EXPECT_EQ(parameters[0], 0);
  optimizer.step(parameters, Floats{4}, 0.125);  // the rate of this step
  EXPECT_EQ(parameters[0], -0.5);
  EXPECT_TRUE(optimizer.moments().empty());
}

// v = v / 2 + g; p -= (g + v / 2) / 4.
TEST(Sgd, NesterovLooksAhead) {
  EXPECT_EQ(path({.momentum = 0.5, .nesterov = true}, 1, {4, 2}, 0.25), (Floats{-0.5, -1.5}));
}

// g + p / 4, which momentum gathers too.
TEST(Sgd, WeightDecayJoinsTheGradient) {
  EXPECT_EQ(path({.weight_decay = 0.25}, 8, {1, 0}, 0.5), (Floats{6.5, 5.6875}));
  EXPECT_EQ(path({.momentum = 0.5, .weight_decay = 0.25}, 8, {2, 0}, 0.5), (Floats{6, 4.25}));
}

study::TrainSettings adam(study::OptimizerKind kind, double epsilon, double weight_decay = 0) {
  return {.optimizer = kind, .beta1 = 0.5, .beta2 = 0.75, .epsilon = epsilon, .weight_decay = weight_decay};
}

// By hand: m 1, 0, 2 and v 1, 1, 4.75; at the third step they are corrected by 0.875 and 0.578125.
TEST(Adam, DividesTheMeanGradientByTheRootOfTheMeanSquare) {
  for (const auto kind : {study::OptimizerKind::adam, study::OptimizerKind::adamw}) {
    const Floats found = path(adam(kind, 0), 3, {2, -1, 4}, 1);
    EXPECT_FLOAT_EQ(found[0], 2);
    EXPECT_FLOAT_EQ(found[1], 2);
    EXPECT_NEAR(found[2], 2 - 0.797418, 1e-5);
  }
}

TEST(Adam, EpsilonIsAddedToTheCorrectedRoot) {
  EXPECT_FLOAT_EQ(path(adam(study::OptimizerKind::adam, 1), 0, {2}, 1)[0], -2.0f / 3);
}

TEST(Adam, WeightDecayJoinsTheGradientAndIsApartInAdamw) {
  Optimizer joined(adam(study::OptimizerKind::adam, 0, 0.25), 1),
      apart(adam(study::OptimizerKind::adamw, 0, 0.25), 1);
  EXPECT_FLOAT_EQ(path(joined, 8, {2}, 0.5)[0], 7.5);
  EXPECT_FLOAT_EQ(joined.moments()[0][0], 2);         // half of 2 + 8 / 4
  EXPECT_FLOAT_EQ(path(apart, 8, {2}, 0.5)[0], 6.5);  // 8 x (1 - 1/8) - 1/2
  EXPECT_FLOAT_EQ(apart.moments()[0][0], 1);
  EXPECT_FLOAT_EQ(path(adam(study::OptimizerKind::adamw, 1, 0.25), 8, {0}, 0.5)[0],
                  7);  // without a gradient too
}

// The gaps of a flat buffer.
TEST(Optimizer, ZerosWithoutGradientsStayZeros) {
  for (const auto kind :
       {study::OptimizerKind::sgd, study::OptimizerKind::adam, study::OptimizerKind::adamw}) {
    const study::TrainSettings settings{
        .optimizer = kind, .momentum = 0.9, .nesterov = true, .weight_decay = 0.1};
    EXPECT_EQ(path(settings, 0, {0, 0, 0}, 0.1), (Floats{0, 0, 0})) << choice_name(kind);
  }
}

TEST(Optimizer, GoesOnWhereAnotherWas) {
  for (const auto kind :
       {study::OptimizerKind::sgd, study::OptimizerKind::adam, study::OptimizerKind::adamw}) {
    const study::TrainSettings settings{.optimizer = kind, .momentum = 0.9, .weight_decay = 0.1};
    Optimizer first(settings, 1), second(settings, 1), third(settings, 1);
    const float half_way = path(first, 1, {0.3f, 0.7f, -0.1f}, 0.1).back();
    second.restore(first.moments(), first.steps());
    third.restore(first.moments(), 0);
    const float on = path(first, half_way, {0.2f}, 0.1)[0];
    EXPECT_EQ(path(second, half_way, {0.2f}, 0.1)[0], on) << choice_name(kind);
    EXPECT_EQ(path(third, half_way, {0.2f}, 0.1)[0] == on, settings.optimizer == study::OptimizerKind::sgd)
        << choice_name(kind);
  }
}

TEST(Optimizer, RefusesMomentsOfOtherParametersAndUnknownNames) {
  Optimizer optimizer({.momentum = 0.9}, 2);
  EXPECT_THROW(optimizer.restore({{1, 2, 3}}, 1), Error);
  EXPECT_THROW(optimizer.restore({}, 1), Error);
}

}  // namespace
}  // namespace titrate::train
