#include "titrate/data/standardisation.hpp"

#include <cmath>
#include <cstddef>

#include "titrate/core/error.hpp"

namespace titrate::data {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr double kWhite = 255.0;

// Exact for 2^32 images of 2^24 pixels.
struct Sums {
  std::uint64_t count = 0, sum = 0, square = 0;

  void add(const Sums& other) {
    count += other.count;
    sum += other.sum;
    square += other.square;
  }
  double mean() const { return static_cast<double>(sum) / static_cast<double>(count) / kWhite; }
  double deviation() const {
    // n sum(x^2) - sum(x)^2 = n^2 times the variance, without rounding
    const Wide scaled = Wide{count} * square - Wide{sum} * sum;
    return std::sqrt(static_cast<double>(scaled)) / static_cast<double>(count) / kWhite;
  }
};

// Of each value of the picture, H x W x C.
std::vector<Sums> sums_by_place(const Dataset& dataset, std::span<const std::uint32_t> rows) {
  if (rows.empty()) {
    throw Error({.code = ErrorCode::internal, .where = "standardise", .what = "no images to learn from"});
  }
  std::vector<std::uint64_t> sum(dataset.shape().bytes()), square(sum.size());
  for (const std::uint32_t row : rows) {
    const std::uint8_t* pixels = dataset.pixels(row).data();
    for (std::size_t i = 0; i < sum.size(); ++i) {
      const std::uint32_t level = pixels[i];
      sum[i] += level;
      square[i] += level * level;
    }
  }
  std::vector<Sums> sums(sum.size());
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] = {rows.size(), sum[i], square[i]};
  return sums;
}

Standardisation over_selection(const Dataset& dataset, std::span<const std::uint32_t> rows) {
  const std::vector<Sums> places = sums_by_place(dataset, rows);
  std::vector<Sums> channels(dataset.shape().channels);
  for (std::size_t i = 0; i < places.size(); ++i) channels[i % channels.size()].add(places[i]);
  std::vector<double> mean, deviation;
  for (const Sums& channel : channels) {
    mean.push_back(channel.mean());
    deviation.push_back(channel.deviation());
  }
  return standardise_channels(mean, deviation);
}

Standardisation over_pixels(const Dataset& dataset, std::span<const std::uint32_t> rows) {
  Standardisation result;
  for (const Sums& place : sums_by_place(dataset, rows)) {
    const double deviation = place.deviation();
    result.mean.push_back(static_cast<float>(place.mean() * kWhite));
    result.scale.push_back(static_cast<float>(1 / (kWhite * (deviation > 0 ? deviation : 1.0))));
  }
  return result;
}

}  // namespace

Standardisation standardise_channels(std::span<const double> mean, std::span<const double> deviation) {
  Standardisation result;
  result.table.reserve(mean.size() * 256);
  for (std::size_t c = 0; c < mean.size(); ++c) {
    const double divisor = deviation[c] > 0 ? deviation[c] : 1.0;
    for (int level = 0; level < 256; ++level)
      result.table.push_back(static_cast<float>((level / kWhite - mean[c]) / divisor));
  }
  return result;
}

Standardisation standardise(const Dataset& dataset, Standardise kind,
                            std::span<const std::uint32_t> training_rows) {
  const std::size_t channels = dataset.shape().channels;
  switch (kind) {
    case Standardise::dataset:
      return standardise_channels(dataset.manifest().mean, dataset.manifest().deviation);
    case Standardise::selection:
      return over_selection(dataset, training_rows);
    case Standardise::pixel:
      return over_pixels(dataset, training_rows);
    case Standardise::none:
      break;
  }
  return standardise_channels(std::vector<double>(channels, 0.0), std::vector<double>(channels, 1.0));
}

}  // namespace titrate::data
