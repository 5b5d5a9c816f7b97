#include "sharpness.hpp"

#include <vector>

#include "lanes.hpp"
#include "planes.hpp"
#include "smooth.hpp"
#include "titrate/core/simd_dispatch.hpp"

namespace titrate::image {
namespace {

TITRATE_CLONES void to_floats(const std::uint8_t* pixels, std::size_t count, float* out) {
  for (std::size_t x = 0; x < count; ++x) out[x] = static_cast<float>(pixels[x]);
}

// pixel + amount (pixel - smooth); amount -1 leaves what is smooth.
TITRATE_CLONES void mix_row(const float* smooth, std::size_t count, float amount, std::uint8_t* pixels) {
  for (std::size_t x = 0; x < count; ++x) {
    const auto pixel = static_cast<float>(pixels[x]);
    pixels[x] = to_level(pixel + amount * (pixel - smooth[x]));
  }
}

void mix_with_smooth(const Canvas& canvas, double sigma, float amount, AugmentScratch& scratch) {
  const std::size_t height = canvas.shape.height, width = canvas.shape.width, area = height * width;
  const std::size_t channels = canvas.shape.channels, stride = row_stride(width);
  const std::vector<double> kernel = gaussian_kernel(sigma);
  scratch.field.resize(stride * height);
  scratch.bytes.resize(area * channels);
  float* plane = scratch.field.data();
  split_channels(canvas.pixels.data(), area, channels, scratch.bytes.data(), area);
  for (std::size_t channel = 0; channel < channels; ++channel) {
    std::uint8_t* pixels = scratch.bytes.data() + channel * area;
    for (std::size_t y = 0; y < height; ++y) to_floats(pixels + y * width, width, plane + y * stride);
    smooth(plane, height, width, kernel, scratch.lines);
    for (std::size_t y = 0; y < height; ++y) mix_row(plane + y * stride, width, amount, pixels + y * width);
  }
  join_channels(scratch.bytes.data(), area, area, channels, canvas.pixels.data());
}

}  // namespace

void blur(const Canvas& canvas, double sigma, AugmentScratch& scratch) {
  // Less than this moves no pixel by half a level, and its kernel has no neighbours that a float can tell.
  if (sigma >= 0.1) mix_with_smooth(canvas, sigma, -1, scratch);
}

void sharpen(const Canvas& canvas, double amount, AugmentScratch& scratch) {
  if (amount > 0) mix_with_smooth(canvas, 1, static_cast<float>(amount), scratch);
}

}  // namespace titrate::image
