// Mean and standard deviation per channel, from sums of integers: exact, so neither order nor threads matter.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "titrate/image/image.hpp"

namespace titrate::prep {

class PixelSums {
 public:
  explicit PixelSums(std::uint32_t channels) : sums_(channels), squares_(channels) {}

  // Pixels with interleaved channels. 64 bits hold the squares of 2.8e14 pixels.
  void add(std::span<const std::uint8_t> pixels);
  void add(const PixelSums& other);

  // Of pixel / 255, over the population. Empty sums give zeros.
  std::vector<double> mean() const;
  std::vector<double> deviation() const;

 private:
  std::uint64_t pixels_ = 0;  // per channel
  std::vector<std::uint64_t> sums_, squares_;
};

}  // namespace titrate::prep
