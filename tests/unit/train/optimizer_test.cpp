#include "titrate/train/optimizer.hpp"

#include <gtest/gtest.h>

namespace titrate::train {
namespace {

// Numbers that floats hold exactly: v = v / 2 + g; p -= v / 4.
TEST(Sgd, MomentumGathersGradients) {
  Sgd optimizer(2, 0.5);
  std::vector<float> parameters{1, -8};
  const auto step = [&](float a, float b) {
    const std::vector<float> gradients{a, b};
    optimizer.step(parameters, gradients, 0.25);
    return parameters;
  };
  using Floats = std::vector<float>;
  EXPECT_EQ(step(4, 8), (Floats{0, -10}));        // v 4, 8
  EXPECT_EQ(step(2, -4), (Floats{-1, -10}));      // v 4, 0
  EXPECT_EQ(step(0, 1), (Floats{-1.5, -10.25}));  // v 2, 1
}

TEST(Sgd, WithoutMomentumIsGradientDescent) {
  Sgd optimizer(1, 0);
  std::vector<float> parameters{1};
  const std::vector<float> gradients{4};
  optimizer.step(parameters, gradients, 0.25);
  EXPECT_EQ(parameters[0], 0);
  optimizer.step(parameters, gradients, 0.125);  // the rate of this step
  EXPECT_EQ(parameters[0], -0.5);
}

}  // namespace
}  // namespace titrate::train
