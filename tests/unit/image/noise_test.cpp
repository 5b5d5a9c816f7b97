#include "titrate/image/noise.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "titrate/core/error.hpp"

namespace titrate::image {
namespace {

TEST(Noise, GaussianHasItsDeviation) {
  std::vector<std::uint8_t> pixels(200000, 128);
  add_noise(pixels, {NoiseKind::gaussian, 0.1}, 1, 2);
  double sum = 0, squares = 0;
  for (std::uint8_t pixel : pixels) {
    sum += pixel;
    squares += double{1} * pixel * pixel;
  }
  const double mean = sum / 200000, deviation = std::sqrt(squares / 200000 - mean * mean);
  EXPECT_NEAR(mean, 128, 0.2);
  EXPECT_NEAR(deviation, 25.5, 0.15);
}

TEST(Noise, SaltAndPepperChangesItsShare) {
  std::vector<std::uint8_t> pixels(200000, 100);
  add_noise(pixels, {NoiseKind::salt_pepper, 0.25}, 1, 2);
  const auto salt = std::count(pixels.begin(), pixels.end(), 255),
             pepper = std::count(pixels.begin(), pixels.end(), 0);
  EXPECT_NEAR(static_cast<double>(salt), 25000, 600);
  EXPECT_NEAR(static_cast<double>(pepper), 25000, 600);
  EXPECT_EQ(std::count(pixels.begin(), pixels.end(), 100), 200000 - salt - pepper);
}

TEST(Noise, BelongsToSeedAndSample) {
  const auto noisy = [](std::uint64_t seed, std::uint64_t sample) {
    std::vector<std::uint8_t> pixels(784, 128);
    add_noise(pixels, {NoiseKind::gaussian, 0.3}, seed, sample);
    return pixels;
  };
  EXPECT_EQ(noisy(1, 2), noisy(1, 2));
  EXPECT_NE(noisy(1, 2), noisy(1, 3));
  EXPECT_NE(noisy(1, 2), noisy(2, 2));
}

TEST(Noise, LevelZeroChangesNothingAndNamesAreChecked) {
  std::vector<std::uint8_t> pixels(100, 7);
  add_noise(pixels, {NoiseKind::gaussian, 0}, 1, 2);
  EXPECT_EQ(pixels, std::vector<std::uint8_t>(100, 7));
  EXPECT_THROW(parse_noise_kind("gauss", "data.noise_kind"), Error);
  EXPECT_EQ(parse_noise_kind("salt_pepper", ""), NoiseKind::salt_pepper);
}

}  // namespace
}  // namespace titrate::image
