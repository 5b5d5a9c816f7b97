#include "titrate/image/noise.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "titrate/core/error.hpp"
#include "titrate/core/random.hpp"

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

TEST(Noise, LevelZeroChangesNothing) {
  std::vector<std::uint8_t> pixels(100, 7);
  add_noise(pixels, {NoiseKind::gaussian, 0}, 1, 2);
  EXPECT_EQ(pixels, std::vector<std::uint8_t>(100, 7));
}

// 16 bits of the stream for each pixel, the lower half of a word first; what studies have published rests on
// it.
TEST(Noise, IsWhatItsFormulaSaysPixelByPixel) {
  const RandomStream stream(5, Purpose::noise, 6);
  const auto expected = [&](NoiseKind kind, std::size_t i, int value) -> int {
    const std::uint32_t word = stream.block(static_cast<std::uint32_t>(i / 8))[i / 2 % 4];
    const std::uint32_t bits = i % 2 != 0 ? word >> 16 : word & 0xFFFF;
    const float normal = normal_quantiles()[bits], pixel = static_cast<float>(value);
    const auto level = [](float v) { return static_cast<int>(std::clamp(v, 0.0f, 255.0f) + 0.5f); };
    switch (kind) {
      case NoiseKind::gaussian:
        return level(pixel + static_cast<float>(0.3 * 255.0) * normal);
      case NoiseKind::speckle:
        return level(pixel + 0.3f * pixel * normal);
      case NoiseKind::uniform:
        return level(pixel +
                     (static_cast<float>(bits) - 32767.5f) * static_cast<float>(0.3 * 255.0 / 32767.5));
      case NoiseKind::salt_pepper:
        return (bits >> 1) < 9830 ? ((bits & 1) != 0 ? 255 : 0) : value;
      case NoiseKind::poisson:  // below
        break;
    }
    return -1;
  };
  for (const NoiseKind kind :
       {NoiseKind::gaussian, NoiseKind::salt_pepper, NoiseKind::speckle, NoiseKind::uniform}) {
    for (const std::size_t count : {1, 7, 784, 1237}) {
      std::vector<std::uint8_t> pixels(count);
      for (std::size_t i = 0; i < count; ++i) pixels[i] = static_cast<std::uint8_t>(i * 5);
      add_noise(pixels, {kind, 0.3}, 5, 6);
      for (std::size_t i = 0; i < count; ++i)
        ASSERT_EQ(pixels[i], expected(kind, i, static_cast<std::uint8_t>(i * 5))) << choice_name(kind) << i;
    }
  }
}

TEST(Noise, SpeckleScalesWithTheValueAndUniformStaysInItsRange) {
  std::vector<std::uint8_t> black(1000, 0), grey(200000, 100);
  add_noise(black, {NoiseKind::speckle, 0.5}, 1, 2);
  EXPECT_EQ(black, std::vector<std::uint8_t>(1000, 0));
  add_noise(grey, {NoiseKind::uniform, 0.1}, 1, 2);
  const auto [least, most] = std::minmax_element(grey.begin(), grey.end());
  EXPECT_EQ(*least, 75);
  EXPECT_EQ(*most, 126);  // 125.5 rounds up
}

// The share of each level, of many pixels of one value.
std::vector<double> shares(std::uint8_t value, double level) {
  constexpr std::size_t kCount = 400'000;
  std::vector<std::uint8_t> pixels(kCount, value);
  add_noise(pixels, {NoiseKind::poisson, level}, 1, 2);
  std::vector<double> found(256);
  for (const std::uint8_t pixel : pixels) found[pixel] += 1.0 / kCount;
  return found;
}

// 10 photons are white, so a pixel of 51 sees 2 on average, each worth 25.5 levels.
TEST(Poisson, CountsPhotons) {
  const std::vector<double> found = shares(51, 0.1);
  double chance = std::exp(-2.0);
  for (int photons = 0; photons < 10; ++photons, chance *= 2.0 / photons)
    EXPECT_NEAR(found[static_cast<std::size_t>(25.5 * photons + 0.5)], chance, 0.003) << photons;
}

TEST(Poisson, MeanIsTheValueAndVarianceIsItTimesTheWorthOfAPhoton) {
  for (const double level : {0.05, 1e-3, 1e-5}) {
    const std::vector<double> found = shares(100, level);
    double mean = 0, square = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      mean += found[i] * static_cast<double>(i);
      square += found[i] * static_cast<double>(i) * static_cast<double>(i);
    }
    const double variance = 100 * 255 * level;
    // Half a level at most is rounded away.
    EXPECT_NEAR(mean, 100, 0.5) << level;
    // Rounding to a level adds a twelfth, where there is more than one level to round to.
    EXPECT_NEAR(square - mean * mean, variance + (variance > 1 ? 1.0 / 12 : 0), 0.02 * variance + 0.2)
        << level;
  }
}

TEST(Poisson, BlackStaysBlackAndManyPhotonsChangeNothing) {
  EXPECT_NEAR(shares(0, 0.1)[0], 1, 1e-9);
  EXPECT_NEAR(shares(200, 1e-9)[200], 1, 1e-9);
  EXPECT_NEAR(shares(255, 10)[0], std::exp(-0.1), 0.003);  // a tenth of a photon
}

}  // namespace
}  // namespace titrate::image
