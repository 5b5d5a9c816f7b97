#include "titrate/prep/statistics.hpp"

#include <cmath>

namespace titrate::prep {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr double kWhite = 255.0;

}  // namespace

void PixelSums::add(std::span<const std::uint8_t> pixels) {
  const std::size_t channels = sums_.size();
  for (std::size_t channel = 0; channel < channels; ++channel) {
    std::uint64_t sum = 0, square = 0;
    for (std::size_t i = channel; i < pixels.size(); i += channels) {
      const std::uint64_t value = pixels[i];
      sum += value;
      square += value * value;
    }
    sums_[channel] += sum;
    squares_[channel] += square;
  }
  pixels_ += pixels.size() / channels;
}

void PixelSums::add(const PixelSums& other) {
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    sums_[i] += other.sums_[i];
    squares_[i] += other.squares_[i];
  }
  pixels_ += other.pixels_;
}

std::vector<double> PixelSums::mean() const {
  std::vector<double> result(sums_.size());
  if (pixels_ == 0) return result;
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    result[i] = static_cast<double>(sums_[i]) / static_cast<double>(pixels_) / kWhite;
  }
  return result;
}

std::vector<double> PixelSums::deviation() const {
  std::vector<double> result(sums_.size());
  if (pixels_ == 0) return result;
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    // n sum(x^2) - sum(x)^2 = n^2 times the variance, without rounding
    const Wide scaled = Wide{pixels_} * squares_[i] - Wide{sums_[i]} * sums_[i];
    result[i] = std::sqrt(static_cast<double>(scaled)) / static_cast<double>(pixels_) / kWhite;
  }
  return result;
}

}  // namespace titrate::prep
