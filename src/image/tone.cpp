#include "tone.hpp"

#include <algorithm>
#include <array>

#include "lanes.hpp"
#include "series.hpp"
#include "titrate/core/simd_dispatch.hpp"

namespace titrate::image {
namespace {

// v * factor + offset, cut to 0..255, rounded half up.
TITRATE_CLONES void scale_levels(std::uint8_t* pixels, std::size_t count, float factor, float offset) {
  for (std::size_t i = 0; i < count; ++i)
    pixels[i] = to_level(static_cast<float>(pixels[i]) * factor + offset);
}

// What stands at each of 48 places, which are whole pixels of one and of three channels.
TITRATE_CLONES void sum_places(const std::uint8_t* pixels, std::size_t groups, std::uint32_t* sums) {
  for (std::size_t group = 0; group < groups; ++group, pixels += 48)
    for (int i = 0; i < 48; ++i) sums[i] += pixels[i];
}

double mean_grey(const Canvas& canvas) {
  const std::size_t size = canvas.pixels.size();
  const bool colours = canvas.shape.channels == 3;
  std::array<std::uint64_t, 3> sums{};
  // 2^24 sums of a byte fit into 32 bits.
  constexpr std::size_t kGroups = std::size_t{1} << 24;
  for (std::size_t start = 0; start < size; start += 48 * kGroups) {
    const std::size_t groups = std::min(kGroups, (size - start) / 48);
    std::array<std::uint32_t, 48> places{};
    sum_places(canvas.pixels.data() + start, groups, places.data());
    for (std::size_t i = 0; i < 48; ++i) sums[i % 3] += places[i];
  }
  for (std::size_t i = size / 48 * 48; i < size; ++i) sums[i % 3] += canvas.pixels[i];
  const auto sum = [&](std::size_t c) { return static_cast<double>(sums[c]); };
  if (!colours) return (sum(0) + sum(1) + sum(2)) / static_cast<double>(size);
  return (0.299 * sum(0) + 0.587 * sum(1) + 0.114 * sum(2)) / static_cast<double>(canvas.shape.pixels());
}

}  // namespace

void scale_brightness(const Canvas& canvas, double factor) {
  scale_levels(canvas.pixels.data(), canvas.pixels.size(), static_cast<float>(factor), 0);
}

void scale_contrast(const Canvas& canvas, double factor) {
  const double offset = mean_grey(canvas) * (1 - factor);
  scale_levels(canvas.pixels.data(), canvas.pixels.size(), static_cast<float>(factor),
               static_cast<float>(offset));
}

void apply_gamma(const Canvas& canvas, double exponent) {
  const std::array<std::uint8_t, 256> table = power_table(exponent);
  for (std::uint8_t& pixel : canvas.pixels) pixel = table[pixel];
}

void erase(const Canvas& canvas, const Rectangle& r) {
  const std::size_t channels = canvas.shape.channels;
  for (std::size_t y = r.top; y < std::size_t{r.top} + r.height; ++y) {
    std::uint8_t* from = canvas.pixels.data() + (y * canvas.shape.width + r.left) * channels;
    std::fill_n(from, r.width * channels, std::uint8_t{0});
  }
}

}  // namespace titrate::image
