#include "tone.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "clones.hpp"
#include "series.hpp"
#include "smooth.hpp"

namespace titrate::image {
namespace {

// v * factor + offset, cut to 0..255, rounded half up.
TITRATE_CLONES void scale_levels(std::uint8_t* pixels, std::size_t count, float factor, float offset) {
  for (std::size_t i = 0; i < count; ++i)
    pixels[i] = to_level(static_cast<float>(pixels[i]) * factor + offset);
}

double mean_grey(const Canvas& canvas) {
  std::array<std::uint64_t, 3> sums{};
  const std::size_t channels = canvas.shape.channels;
  if (channels != 3) {
    std::uint64_t sum = 0;
    for (const std::uint8_t value : canvas.pixels) sum += value;
    return static_cast<double>(sum) / static_cast<double>(canvas.pixels.size());
  }
  for (std::size_t i = 0; i < canvas.pixels.size(); i += 3)
    for (std::size_t c = 0; c < 3; ++c) sums[c] += canvas.pixels[i + c];
  const double weighted = 0.299 * static_cast<double>(sums[0]) + 0.587 * static_cast<double>(sums[1]) +
                          0.114 * static_cast<double>(sums[2]);
  return weighted / static_cast<double>(canvas.shape.pixels());
}

// pixel + amount (pixel - smooth) of one channel; amount -1 leaves what is smooth.
template <std::size_t kChannels>
inline void mix_pixels(const float* smooth, std::size_t count, float amount, std::uint8_t* pixels,
                       std::size_t channels) {
  const std::size_t step = kChannels == 0 ? channels : kChannels;
  for (std::size_t x = 0; x < count; ++x) {
    const auto pixel = static_cast<float>(pixels[x * step]);
    pixels[x * step] = to_level(pixel + amount * (pixel - smooth[x]));
  }
}

TITRATE_CLONES void mix_row(const float* smooth, std::size_t count, float amount, std::uint8_t* pixels,
                            std::size_t channels) {
  if (channels == 1) {
    mix_pixels<1>(smooth, count, amount, pixels, channels);
  } else {
    mix_pixels<0>(smooth, count, amount, pixels, channels);
  }
}

void mix_with_smooth(const Canvas& canvas, double sigma, float amount, AugmentScratch& scratch) {
  const std::size_t height = canvas.shape.height, width = canvas.shape.width;
  const std::size_t channels = canvas.shape.channels, stride = row_stride(width);
  const std::vector<float> kernel = gaussian_kernel(sigma);
  scratch.field.resize(stride * height);
  float* plane = scratch.field.data();
  for (std::size_t channel = 0; channel < channels; ++channel) {
    std::uint8_t* pixels = canvas.pixels.data() + channel;
    for (std::size_t y = 0; y < height; ++y) {
      const std::uint8_t* from = pixels + y * width * channels;
      for (std::size_t x = 0; x < width; ++x) plane[y * stride + x] = from[x * channels];
    }
    smooth(plane, height, width, kernel, Border::edge, scratch.lines);
    for (std::size_t y = 0; y < height; ++y)
      mix_row(plane + y * stride, width, amount, pixels + y * width * channels, channels);
  }
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

void blur(const Canvas& canvas, double sigma, AugmentScratch& scratch) {
  // Less than this moves no pixel by half a level, and its kernel has no neighbours that a float can tell.
  if (sigma >= 0.1) mix_with_smooth(canvas, sigma, -1, scratch);
}

void sharpen(const Canvas& canvas, double amount, AugmentScratch& scratch) {
  if (amount > 0) mix_with_smooth(canvas, 1, static_cast<float>(amount), scratch);
}

void erase(const Canvas& canvas, const Rectangle& r) {
  const std::size_t channels = canvas.shape.channels;
  for (std::size_t y = r.top; y < std::size_t{r.top} + r.height; ++y) {
    std::uint8_t* from = canvas.pixels.data() + (y * canvas.shape.width + r.left) * channels;
    std::fill_n(from, r.width * channels, std::uint8_t{0});
  }
}

}  // namespace titrate::image
