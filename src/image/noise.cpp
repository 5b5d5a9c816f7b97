#include "titrate/image/noise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
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
    case NoiseKind::poisson:
      return {"1 / photons of a white pixel", 10};
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

// The Poisson law of a mean above 0: its chances, from `first` photons on, to within 1e-12 of their sum.
// Outwards from the largest, by p(n + 1) = p(n) mean / (n + 1), so that no power is too large and no math
// library is needed.
struct PhotonLaw {
  std::uint64_t first = 0;
  std::vector<double> chances{};
};

PhotonLaw photon_law(double mean) {
  constexpr double kNothing = 1e-17;
  const auto mode = static_cast<std::uint64_t>(mean);
  std::vector<double> below, above{1};
  for (std::uint64_t n = mode; n > 0 && (below.empty() ? 1 : below.back()) > kNothing; --n)
    below.push_back((below.empty() ? 1 : below.back()) * static_cast<double>(n) / mean);
  for (std::uint64_t n = mode + 1; above.back() > kNothing; ++n)
    above.push_back(above.back() * mean / static_cast<double>(n));
  PhotonLaw law{.first = mode - below.size(), .chances{below.rbegin(), below.rend()}};
  law.chances.insert(law.chances.end(), above.begin(), above.end());
  double sum = 0;
  for (const double chance : law.chances) sum += chance;
  for (double& chance : law.chances) chance /= sum;
  return law;
}

// For each value of a pixel and each of its noisy levels: of 65,536 equally likely draws, how many give that
// level or a darker one.
class ShotNoise {
 public:
  explicit ShotNoise(double level) : level_(level) {}

  double level() const { return level_; }
  std::uint8_t draw(std::uint8_t value, std::uint32_t word) {
    if (!filled_[value]) fill(value);
    const auto& darker = counts_[value];
    return static_cast<std::uint8_t>(std::upper_bound(darker.begin(), darker.end(), word) - darker.begin());
  }

 private:
  static constexpr std::size_t kLevels = 256;
  static constexpr double kDraws = 65536;

  // Of the values that there are alone: where a level is drawn for each image, its table serves that image.
  void fill(std::size_t value) {
    filled_[value] = true;
    std::array<double, kLevels> chances{};
    if (value == 0) {
      chances[0] = 1;
    } else {
      const PhotonLaw law = photon_law(static_cast<double>(value) / (255 * level_));
      for (std::size_t i = 0; i < law.chances.size(); ++i) {
        const double light = 255 * level_ * static_cast<double>(law.first + i);
        chances[light < 254.5 ? static_cast<std::size_t>(light + 0.5) : 255] += law.chances[i];
      }
    }
    double sum = 0;
    for (std::size_t level = 0; level + 1 < kLevels; ++level) {
      sum += chances[level];
      counts_[value][level] = static_cast<std::uint32_t>(std::min(sum, 1.0) * kDraws + 0.5);
    }
    counts_[value].back() = static_cast<std::uint32_t>(kDraws);
  }

  double level_;
  std::array<bool, kLevels> filled_{};
  std::array<std::array<std::uint32_t, kLevels>, kLevels> counts_{};
};

// Below this no pixel changes: with 1e8 photons for white, half a grey level is 19 deviations.
constexpr double kLeastShotNoise = 1e-8;

void add_poisson(std::uint8_t* pixels, std::size_t count, const std::uint32_t* words, double level) {
  if (level < kLeastShotNoise) return;
  // A level is that of many images: its table is made once for a thread.
  thread_local std::optional<ShotNoise> noise;
  if (!noise || noise->level() != level) noise.emplace(level);
  for (std::size_t i = 0; i < count; ++i)
    pixels[i] = noise->draw(pixels[i], i % 2 == 0 ? words[i / 2] & 0xFFFF : words[i / 2] >> 16);
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
    case NoiseKind::poisson:
      return add_poisson(pixels, count, words, noise.level);
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
