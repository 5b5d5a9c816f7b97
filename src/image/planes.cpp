#include "planes.hpp"
#include "titrate/core/simd_dispatch.hpp"

#include <cstring>

namespace titrate::image {
namespace {

// Three channels in a loop of their own: with the stride known, a compiler shuffles registers.
TITRATE_CLONES void split_three(const std::uint8_t* __restrict pixels, std::size_t count,
                                std::uint8_t* __restrict a, std::uint8_t* __restrict b,
                                std::uint8_t* __restrict c) {
  for (std::size_t i = 0; i < count; ++i) {
    a[i] = pixels[3 * i];
    b[i] = pixels[3 * i + 1];
    c[i] = pixels[3 * i + 2];
  }
}

TITRATE_CLONES void join_three(const std::uint8_t* __restrict a, const std::uint8_t* __restrict b,
                               const std::uint8_t* __restrict c, std::size_t count,
                               std::uint8_t* __restrict pixels) {
  for (std::size_t i = 0; i < count; ++i) {
    pixels[3 * i] = a[i];
    pixels[3 * i + 1] = b[i];
    pixels[3 * i + 2] = c[i];
  }
}

}  // namespace

void split_channels(const std::uint8_t* pixels, std::size_t count, std::size_t channels, std::uint8_t* planes,
                    std::size_t distance) {
  if (channels == 1) {
    std::memcpy(planes, pixels, count);
  } else if (channels == 3) {
    split_three(pixels, count, planes, planes + distance, planes + 2 * distance);
  } else {
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t i = 0; i < count; ++i) planes[c * distance + i] = pixels[i * channels + c];
  }
}

void join_channels(const std::uint8_t* planes, std::size_t distance, std::size_t count, std::size_t channels,
                   std::uint8_t* pixels) {
  if (channels == 1) {
    std::memcpy(pixels, planes, count);
  } else if (channels == 3) {
    join_three(planes, planes + distance, planes + 2 * distance, count, pixels);
  } else {
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t i = 0; i < count; ++i) pixels[i * channels + c] = planes[c * distance + i];
  }
}

}  // namespace titrate::image
