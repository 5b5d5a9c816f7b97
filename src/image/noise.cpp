#include "titrate/image/noise.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "titrate/core/error.hpp"
#include "titrate/core/random.hpp"

namespace titrate::image {
namespace {

// Calls change(pixel, 16 random bits) for each pixel: eight pixels per Philox block.
template <class Change>
void for_each_pixel(std::span<std::uint8_t> pixels, const RandomStream& stream, const Change& change) {
  for (std::size_t start = 0; start < pixels.size(); start += 8) {
    const PhiloxCounter words = stream.block(static_cast<std::uint32_t>(start / 8));
    const std::size_t count = std::min<std::size_t>(8, pixels.size() - start);
    for (std::size_t i = 0; i < count; ++i)
      change(pixels[start + i], (words[i / 2] >> (16 * (i % 2))) & 0xFFFF);
  }
}

void add_gaussian(std::span<std::uint8_t> pixels, double level, const RandomStream& stream) {
  const auto quantiles = normal_quantiles();
  const float scale = static_cast<float>(level * 255.0);
  for_each_pixel(pixels, stream, [&](std::uint8_t& pixel, std::uint32_t bits) {
    const float value = static_cast<float>(pixel) + scale * quantiles[bits];
    // Cutting before rounding keeps the conversion defined; 0.5 is added because the value is no longer
    // negative.
    pixel = static_cast<std::uint8_t>(std::clamp(value, 0.0f, 255.0f) + 0.5f);
  });
}

void add_salt_pepper(std::span<std::uint8_t> pixels, double level, const RandomStream& stream) {
  // 16 bits: the lowest says salt or pepper, the upper 15 whether at all.
  const auto threshold = static_cast<std::uint32_t>(std::lround(level * 32768.0));
  for_each_pixel(pixels, stream, [&](std::uint8_t& pixel, std::uint32_t bits) {
    if ((bits >> 1) < threshold) pixel = (bits & 1) != 0 ? 255 : 0;
  });
}

}  // namespace

NoiseKind parse_noise_kind(std::string_view text, std::string_view where) {
  if (text == "gaussian") return NoiseKind::gaussian;
  if (text == "salt_pepper") return NoiseKind::salt_pepper;
  throw Error({.code = ErrorCode::usage,
               .where = std::string(where),
               .what = "unknown kind of noise",
               .expected = "gaussian or salt_pepper",
               .got = std::string(text)});
}

std::string to_text(NoiseKind kind) { return kind == NoiseKind::gaussian ? "gaussian" : "salt_pepper"; }

void add_noise(std::span<std::uint8_t> pixels, const Noise& noise, std::uint64_t seed, std::uint64_t sample) {
  if (noise.level <= 0) return;
  const RandomStream stream(seed, Purpose::noise, sample);
  if (noise.kind == NoiseKind::gaussian) {
    add_gaussian(pixels, noise.level, stream);
  } else {
    add_salt_pepper(pixels, noise.level, stream);
  }
}

}  // namespace titrate::image
