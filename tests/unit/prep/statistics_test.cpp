#include "../../../src/prep/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace titrate::prep {
namespace {

TEST(PixelSums, AreExactPerChannel) {
  PixelSums sums(2);
  sums.add(std::vector<std::uint8_t>{0, 255, 255, 255});
  EXPECT_EQ(sums.mean(), (std::vector<double>{0.5, 1.0}));
  EXPECT_EQ(sums.deviation(), (std::vector<double>{0.5, 0.0}));
}

TEST(PixelSums, OfAConstantHaveNoDeviationWhateverTheNumber) {
  PixelSums sums(1);
  for (int i = 0; i < 1000; ++i) sums.add(std::vector<std::uint8_t>(997, 77));
  EXPECT_EQ(sums.deviation(), std::vector<double>{0.0});
}

TEST(PixelSums, DoNotDependOnHowTheyWereGathered) {
  std::vector<std::uint8_t> pixels;
  for (unsigned i = 0; i < 3000; ++i) pixels.push_back(static_cast<std::uint8_t>(i * i >> 3));
  PixelSums whole(3), first(3), second(3);
  whole.add(pixels);
  first.add(std::span(pixels).first(999));
  second.add(std::span(pixels).subspan(999));
  second.add(first);
  EXPECT_EQ(whole.mean(), second.mean());
  EXPECT_EQ(whole.deviation(), second.deviation());
  double sum = 0, square = 0;
  for (std::size_t i = 0; i < pixels.size(); i += 3) {
    sum += pixels[i] / 255.0;
    square += pixels[i] / 255.0 * pixels[i] / 255.0;
  }
  EXPECT_NEAR(whole.mean()[0], sum / 1000, 1e-12);
  EXPECT_NEAR(whole.deviation()[0], std::sqrt(square / 1000 - sum * sum / 1e6), 1e-12);
}

TEST(PixelSums, OfNothingAreZero) { EXPECT_EQ(PixelSums(1).deviation(), std::vector<double>{0.0}); }

}  // namespace
}  // namespace titrate::prep
