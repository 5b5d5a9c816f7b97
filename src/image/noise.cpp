#include "titrate/image/noise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "lanes.hpp"
#include "noise.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/simd_dispatch.hpp"
#include "titrate/core/text.hpp"

namespace titrate::image {
namespace {

constexpr std::size_t kPixelsAtOnce = 512;

// What the level of a kind is, and how high it may be.
struct About {
  const char* level;
  double most;
};

About about(NoiseKind kind) {
  switch (kind) {
    case NoiseKind::gaussian:
      return {"deviation / 255", 10};
    case NoiseKind::salt_pepper:
      return {"share of the pixels", 1};
    case NoiseKind::speckle:
      return {"deviation / the pixel's value", 10};
    case NoiseKind::uniform:
      return {"largest change / 255", 10};
  }
  return {};
}

void gather_normals(const std::uint32_t* words, std::size_t count, float* normals) {
  const float* quantiles = normal_quantiles().data();
  for (std::size_t i = 0; i + 1 < count; i += 2) {
    normals[i] = quantiles[words[i / 2] & 0xFFFF];
    normals[i + 1] = quantiles[words[i / 2] >> 16];
  }
  if (count % 2 != 0) normals[count - 1] = quantiles[words[count / 2] & 0xFFFF];
}

TITRATE_CLONES void add_scaled(std::uint8_t* pixels, std::size_t count, const float* normals, float scale) {
  for (std::size_t i = 0; i < count; ++i)
    pixels[i] = to_level(static_cast<float>(pixels[i]) + scale * normals[i]);
}

TITRATE_CLONES void add_speckle(std::uint8_t* pixels, std::size_t count, const float* normals, float level) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = static_cast<float>(pixels[i]);
    pixels[i] = to_level(value + level * value * normals[i]);
  }
}

TITRATE_CLONES void add_uniform(std::uint8_t* pixels, std::size_t count, const std::uint32_t* words,
                                float scale) {
  float shifts[kPixelsAtOnce];
  for (std::size_t i = 0; i < (count + 1) / 2; ++i) {
    shifts[2 * i] = (static_cast<float>(static_cast<std::int32_t>(words[i] & 0xFFFF)) - 32767.5f) * scale;
    shifts[2 * i + 1] = (static_cast<float>(static_cast<std::int32_t>(words[i] >> 16)) - 32767.5f) * scale;
  }
  for (std::size_t i = 0; i < count; ++i) pixels[i] = to_level(static_cast<float>(pixels[i]) + shifts[i]);
}

TITRATE_CLONES void add_salt_pepper(std::uint8_t* pixels, std::size_t count, const std::uint32_t* words,
                                    std::uint32_t threshold) {
  // 16 bits: the lowest says salt or pepper, the upper 15 whether at all.
  std::uint16_t bits[kPixelsAtOnce];
  for (std::size_t i = 0; i < (count + 1) / 2; ++i) {
    bits[2 * i] = static_cast<std::uint16_t>(words[i] & 0xFFFF);
    bits[2 * i + 1] = static_cast<std::uint16_t>(words[i] >> 16);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto extreme = static_cast<std::uint8_t>((bits[i] & 1) != 0 ? 255 : 0);
    pixels[i] = static_cast<std::uint32_t>(bits[i] >> 1) < threshold ? extreme : pixels[i];
  }
}

void add_some(std::uint8_t* pixels, std::size_t count, const Noise& noise, const std::uint32_t* words) {
  float normals[kPixelsAtOnce];
  switch (noise.kind) {
    case NoiseKind::gaussian:
      gather_normals(words, count, normals);
      return add_scaled(pixels, count, normals, static_cast<float>(noise.level * 255.0));
    case NoiseKind::speckle:
      gather_normals(words, count, normals);
      return add_speckle(pixels, count, normals, static_cast<float>(noise.level));
    case NoiseKind::uniform:
      return add_uniform(pixels, count, words, static_cast<float>(noise.level * 255.0 / 32767.5));
    case NoiseKind::salt_pepper:
      return add_salt_pepper(pixels, count, words,
                             static_cast<std::uint32_t>(std::lround(noise.level * 32768.0)));
  }
}

}  // namespace

double most_noise(NoiseKind kind) { return about(kind).most; }

std::string noise_levels_help() {
  std::vector<std::string> kinds;
  for (const Choice<NoiseKind>& kind : choices(NoiseKind{}))
    kinds.push_back(std::string(kind.name) + ": " + about(kind.value).level);
  return join(kinds, "; ");
}

void check_noise(const Noise& noise, std::string_view where) {
  if (noise.level >= 0 && noise.level <= most_noise(noise.kind)) return;
  throw Error(
      {.code = ErrorCode::usage,
       .where = std::string(where),
       .what = "out of range for " + choice_name(noise.kind),
       .expected = std::string(about(noise.kind).level) + ", 0 to " + shortest(most_noise(noise.kind)),
       .got = shortest(noise.level)});
}

void add_noise(std::span<std::uint8_t> pixels, const Noise& noise, const RandomWords& random) {
  if (noise.level <= 0) return;
  std::uint32_t words[room_for_blocks(kPixelsAtOnce / 8)];
  for (std::size_t start = 0; start < pixels.size(); start += kPixelsAtOnce) {
    const std::size_t count = std::min(kPixelsAtOnce, pixels.size() - start);
    random.fill(static_cast<std::uint32_t>(start / 8), (count + 7) / 8, words);
    add_some(pixels.data() + start, count, noise, words);
  }
}

void add_noise(std::span<std::uint8_t> pixels, const Noise& noise, std::uint64_t seed, std::uint64_t sample) {
  add_noise(pixels, noise, RandomWords(seed, Purpose::noise, sample));
}

}  // namespace titrate::image
