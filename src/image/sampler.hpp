// Reads a picture between its pixels. Private to this module.
#pragma once

#include <cstddef>
#include <cstdint>

#include "titrate/image/warp.hpp"

namespace titrate::image {

// Coordinates are handed over in chunks of so many pixels at most: they stay in the nearest cache.
inline constexpr std::size_t kChunk = 1024;
// Producers of coordinates work on so many at once and may write up to one group less one beyond the end.
inline constexpr std::size_t kGroup = 8;

inline constexpr std::size_t kRoom = kChunk + 4 * kGroup;

struct Coordinates {
  float x[kRoom], y[kRoom];  // pixel centres at whole numbers, from the top left
};

// A copy of a picture, channel by channel, with a border of zeros, in a scratch that must live on.
class Sampler {
 public:
  Sampler(const View& view, AugmentScratch& scratch);

  // The `count` pixels whose coordinates are given, channels interleaved. Far outside is 0.
  void sample(Coordinates& at, std::size_t count, std::uint8_t* out) const;

 private:
  Shape shape_;
  std::size_t stride_, plane_;
  const std::uint8_t* padded_;
  std::uint8_t* planes_;  // of the chunk at hand
};

}  // namespace titrate::image
