#include "statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "titrate/core/simd_dispatch.hpp"

namespace titrate::prep {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr double kWhite = 255.0;
constexpr std::size_t kLanes = 16;
constexpr std::size_t kTurns = 1 << 15;  // after which 32 bits still hold a lane's sum of squares

struct Sums {
  std::uint64_t sum = 0, square = 0;
};

// `turns` times `Channels` x kLanes values: the value at i is of channel i % Channels.
template <std::size_t Channels>
inline __attribute__((always_inline)) void add_turns(const std::uint8_t* pixels, std::size_t turns,
                                                     Sums* sums) {
  constexpr std::size_t kWidth = Channels * kLanes;
  std::uint32_t sum[kWidth] = {}, square[kWidth] = {};
  for (std::size_t turn = 0; turn < turns; ++turn, pixels += kWidth) {
    for (std::size_t i = 0; i < kWidth; ++i) {
      const std::uint32_t value = pixels[i];
      sum[i] += value;
      square[i] += value * value;
    }
  }
  for (std::size_t i = 0; i < kWidth; ++i) {
    sums[i % Channels].sum += sum[i];
    sums[i % Channels].square += square[i];
  }
}

TITRATE_CLONES void add_grey(const std::uint8_t* pixels, std::size_t turns, Sums* sums) {
  add_turns<1>(pixels, turns, sums);
}

TITRATE_CLONES void add_colour(const std::uint8_t* pixels, std::size_t turns, Sums* sums) {
  add_turns<3>(pixels, turns, sums);
}

// Adds as much as it can of `pixels`, which it returns the number of.
std::size_t add_most(std::span<const std::uint8_t> pixels, std::size_t channels, Sums* sums) {
  const auto add = channels == 1 ? add_grey : channels == 3 ? add_colour : nullptr;
  if (add == nullptr) return 0;
  const std::size_t width = channels * kLanes, turns = pixels.size() / width;
  for (std::size_t done = 0; done < turns; done += kTurns)
    add(pixels.data() + done * width, std::min(kTurns, turns - done), sums);
  return turns * width;
}

}  // namespace

void PixelSums::add(std::span<const std::uint8_t> pixels) {
  const std::size_t channels = sums_.size();
  std::array<Sums, 3> most{};
  const std::size_t done = add_most(pixels, channels, most.data());
  for (std::size_t channel = 0; channel < channels; ++channel) {
    std::uint64_t sum = done == 0 ? 0 : most[channel].sum, square = done == 0 ? 0 : most[channel].square;
    for (std::size_t i = done + channel; i < pixels.size(); i += channels) {
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
