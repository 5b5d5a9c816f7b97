#include "denoise.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <vector>

namespace titrate::image::transforms {
namespace {

// One channel with `border` more pixels on every side.
struct Plane {
  int pitch = 0;
  std::vector<std::int16_t> pixels;

  const std::int16_t* at(int y, int x) const {
    return pixels.data() + static_cast<std::ptrdiff_t>(y) * pitch + x;
  }
};

// The old pixel that stands at `at` beyond the ends of 0 .. size - 1.
int replicated(int at, int size) { return std::clamp(at, 0, size - 1); }

int reflected(int at, int size) {
  if (size == 1) return 0;
  const int period = 2 * (size - 1), folded = std::abs(at) % period;
  return std::min(folded, period - folded);
}

Plane bordered(const View& view, std::uint32_t channel, int border, int (*beyond)(int, int)) {
  const auto height = static_cast<int>(view.shape.height), width = static_cast<int>(view.shape.width);
  Plane plane{width + 2 * border, {}};
  plane.pixels.reserve(static_cast<std::size_t>(height + 2 * border) * static_cast<std::size_t>(plane.pitch));
  for (int y = -border; y < height + border; ++y) {
    const std::size_t row = static_cast<std::size_t>(beyond(y, height)) * view.shape.width;
    for (int x = -border; x < width + border; ++x) {
      const std::size_t pixel = row + static_cast<std::size_t>(beyond(x, width));
      plane.pixels.push_back(view.pixels[pixel * view.shape.channels + channel]);
    }
  }
  return plane;
}

// The median of a window that slides: a histogram, and how many of its values lie below the last median
// (Huang, Yang, Tang 1979).
class SlidingMedian {
 public:
  explicit SlidingMedian(int size) : rank_(size * size / 2) {}

  void add(std::int16_t value) {
    ++counts_[static_cast<std::size_t>(value)];
    below_ += value < median_;
  }
  void remove(std::int16_t value) {
    --counts_[static_cast<std::size_t>(value)];
    below_ -= value < median_;
  }
  std::int16_t median() {
    while (below_ > rank_) below_ -= counts_[static_cast<std::size_t>(--median_)];
    while (below_ + counts_[static_cast<std::size_t>(median_)] <= rank_)
      below_ += counts_[static_cast<std::size_t>(median_++)];
    return static_cast<std::int16_t>(median_);
  }

 private:
  std::array<int, 256> counts_{};
  int rank_, below_ = 0, median_ = 0;
};

// Rows that are worked on together share their squared differences; what is kept for them stays small.
int rows_of_a_band(std::uint64_t width, std::uint64_t count) {
  constexpr std::uint64_t kBytes = std::uint64_t{16} << 20, kMostRows = 32;
  return static_cast<int>(std::clamp<std::uint64_t>(kBytes / (width * count * 8), 1, kMostRows));
}

// How far candidates lie from a pixel.
int reach_of(const Shape& shape, const KnnDenoise& settings) {
  if (settings.window > 0) return static_cast<int>(settings.window / 2);
  return shape.height <= 28 && shape.width <= 28 ? 27 : 10;
}

// The nearest patches of every pixel of some rows. Candidates are offered in reading order, so that among
// equals the first one stays.
class Neighbours {
 public:
  Neighbours(int rows, int width, std::uint32_t count)
      : width_(width), count_(count), worst_(static_cast<std::size_t>(rows * width), kNone) {
    entries_.resize(worst_.size() * count);
    sizes_.resize(worst_.size());
  }

  // distances[i] belongs to pixel (row, x + i) and the candidate at `position` + i.
  void offer(int row, int x, std::span<const std::int32_t> distances, std::uint32_t position) {
    const std::size_t first = static_cast<std::size_t>(row * width_ + x);
    const std::int32_t* worst = worst_.data() + first;
    // Most rows offer nothing better: this loop is vectorised, the next is not.
    std::int32_t better = 0;
    for (std::size_t i = 0; i < distances.size(); ++i) better |= distances[i] < worst[i];
    if (!better) return;
    for (std::size_t i = 0; i < distances.size(); ++i) {
      if (distances[i] < worst[i]) insert(first + i, distances[i], position + static_cast<std::uint32_t>(i));
    }
  }

  // The mean of channel `channel` over the neighbours of a pixel, rounded half up.
  std::uint8_t mean(int row, int x, const View& view, std::uint32_t channel) const {
    const std::size_t pixel = static_cast<std::size_t>(row * width_ + x);
    const std::uint32_t size = sizes_[pixel];
    std::uint32_t sum = 0;
    for (std::uint32_t k = 0; k < size; ++k)
      sum += view.pixels[std::size_t{entries_[pixel * count_ + k].position} * view.shape.channels + channel];
    return static_cast<std::uint8_t>((2 * sum + size) / (2 * size));
  }

 private:
  struct Entry {
    std::int32_t distance;
    std::uint32_t position;
  };
  static constexpr std::int32_t kNone = std::numeric_limits<std::int32_t>::max();

  void insert(std::size_t pixel, std::int32_t distance, std::uint32_t position) {
    Entry* entries = entries_.data() + pixel * count_;
    std::uint32_t& size = sizes_[pixel];
    std::uint32_t at = size < count_ ? size++ : count_ - 1;
    for (; at > 0 && entries[at - 1].distance > distance; --at) entries[at] = entries[at - 1];
    entries[at] = {distance, position};
    if (size == count_) worst_[pixel] = entries[count_ - 1].distance;
  }

  int width_;
  std::uint32_t count_;
  std::vector<std::int32_t> worst_;  // only what is nearer still finds a place
  std::vector<Entry> entries_;       // `count_` per pixel, nearest first
  std::vector<std::uint32_t> sizes_;
};

// Distances between the patches of rows of pixels and those of the same rows, moved. The squared differences
// of two bordered rows serve all patches that hold them.
class Distances {
 public:
  Distances(const std::vector<Plane>& planes, int width, int patch, int most_rows)
      : planes_(planes),
        patch_(patch),
        squares_(static_cast<std::size_t>(most_rows + patch) * static_cast<std::size_t>(planes[0].pitch)),
        columns_(static_cast<std::size_t>(planes[0].pitch)),
        distances_(static_cast<std::size_t>(width)) {}

  // For `length` pixels from (y, x) in `rows` rows against those from (y + down, x + right).
  void begin(int y, int x, int rows, int length, int down, int right) {
    length_ = length;
    columns_length_ = length + patch_ - 1;
    for (int row = 0; row < rows + patch_ - 1; ++row) {
      std::int32_t* square = squares(row);
      std::fill_n(square, columns_length_, 0);
      for (const Plane& plane : planes_) {
        const std::int16_t *here = plane.at(y + row, x), *there = plane.at(y + row + down, x + right);
        for (int i = 0; i < columns_length_; ++i) {
          const auto difference = static_cast<std::int16_t>(here[i] - there[i]);
          square[i] += difference * difference;
        }
      }
    }
    std::fill_n(columns_.data(), columns_length_, 0);
    for (int row = 0; row + 1 < patch_; ++row) add(row);
  }

  // Of row 0, 1, ... in turn.
  std::span<const std::int32_t> row(int row) {
    if (row > 0) {
      const std::int32_t* gone = squares(row - 1);
      for (int i = 0; i < columns_length_; ++i) columns_[static_cast<std::size_t>(i)] -= gone[i];
    }
    add(row + patch_ - 1);
    const std::int32_t* column = columns_.data();
    std::int32_t* distance = distances_.data();
    for (int i = 0; i < length_; ++i) distance[i] = column[i] + column[i + 1] + column[i + 2];
    if (patch_ == 5) {
      for (int i = 0; i < length_; ++i) distance[i] += column[i + 3] + column[i + 4];
    }
    return {distances_.data(), static_cast<std::size_t>(length_)};
  }

 private:
  std::int32_t* squares(int row) {
    return squares_.data() + static_cast<std::size_t>(row) * static_cast<std::size_t>(planes_[0].pitch);
  }
  void add(int row) {
    const std::int32_t* fresh = squares(row);
    for (int i = 0; i < columns_length_; ++i) columns_[static_cast<std::size_t>(i)] += fresh[i];
  }

  const std::vector<Plane>& planes_;
  int patch_, length_ = 0, columns_length_ = 0;
  std::vector<std::int32_t> squares_, columns_, distances_;
};

// The middle of nine by comparing each column once: the largest of the three least, the middle of the three
// middle and the least of the three largest hold it among them. Loops of minima and maxima, which are
// vectorised.
void median_of_nine(const Plane& plane, int y, int width, std::vector<std::int16_t>& work) {
  const auto length = static_cast<std::size_t>(plane.pitch);
  std::int16_t *low = work.data(), *middle = low + length, *high = middle + length;
  const std::int16_t *a = plane.at(y, 0), *b = plane.at(y + 1, 0), *c = plane.at(y + 2, 0);
  const auto middle_of = [](std::int16_t p, std::int16_t q, std::int16_t r) {
    return std::max(std::min(p, q), std::min(std::max(p, q), r));
  };
  for (std::size_t x = 0; x < length; ++x) {
    low[x] = std::min(std::min(a[x], b[x]), c[x]);
    middle[x] = middle_of(a[x], b[x], c[x]);
    high[x] = std::max(std::max(a[x], b[x]), c[x]);
  }
  for (std::size_t x = 0; x < static_cast<std::size_t>(width); ++x) {
    const std::int16_t lows = std::max(std::max(low[x], low[x + 1]), low[x + 2]);
    const std::int16_t highs = std::min(std::min(high[x], high[x + 1]), high[x + 2]);
    low[x] = middle_of(lows, middle_of(middle[x], middle[x + 1], middle[x + 2]), highs);
  }
}

void median_by_sliding(const Plane& plane, int y, int width, int size, std::vector<std::int16_t>& medians) {
  SlidingMedian window(size);
  for (int row = 0; row < size; ++row) {
    for (int x = 0; x < size; ++x) window.add(*plane.at(y + row, x));
  }
  for (int x = 0; x < width; ++x) {
    for (int row = 0; row < size && x > 0; ++row) {
      window.remove(*plane.at(y + row, x - 1));
      window.add(*plane.at(y + row, x - 1 + size));
    }
    medians[static_cast<std::size_t>(x)] = window.median();
  }
}

}  // namespace

Image median_of_window(const View& view, std::uint32_t size) {
  Image result(view.shape);
  const auto height = static_cast<int>(view.shape.height), width = static_cast<int>(view.shape.width);
  const int side = static_cast<int>(size);
  for (std::uint32_t c = 0; c < view.shape.channels; ++c) {
    const Plane plane = bordered(view, c, side / 2, replicated);
    std::vector<std::int16_t> medians(static_cast<std::size_t>(plane.pitch) * 3);
    std::uint8_t* out = result.pixels.data() + c;
    for (int y = 0; y < height; ++y) {
      if (side == 3)
        median_of_nine(plane, y, width, medians);
      else
        median_by_sliding(plane, y, width, side, medians);
      for (int x = 0; x < width; ++x, out += view.shape.channels)
        *out = static_cast<std::uint8_t>(medians[static_cast<std::size_t>(x)]);
    }
  }
  return result;
}

std::uint64_t work_of_nearest(const Shape& shape, const KnnDenoise& settings) {
  const auto window = static_cast<std::uint64_t>(2 * reach_of(shape, settings) + 1);
  const std::uint64_t candidates =
      std::min<std::uint64_t>(window, shape.height) * std::min<std::uint64_t>(window, shape.width);
  const std::uint64_t kept = std::min<std::uint64_t>(settings.count, candidates);
  // Every channel of a candidate is compared; who is kept is moved along the list of those kept.
  return shape.pixels() * (candidates * shape.channels + kept * kept);
}

Image mean_of_nearest(const View& view, const KnnDenoise& settings) {
  const auto height = static_cast<int>(view.shape.height), width = static_cast<int>(view.shape.width);
  const int reach = reach_of(view.shape, settings);
  const int patch = static_cast<int>(settings.patch);
  std::vector<Plane> planes;
  for (std::uint32_t c = 0; c < view.shape.channels; ++c)
    planes.push_back(bordered(view, c, patch / 2, reflected));
  const int band_rows = rows_of_a_band(view.shape.width, settings.count);
  Distances distances(planes, width, patch, band_rows);
  Image result(view.shape);
  std::uint8_t* out = result.pixels.data();
  const int across = std::min(reach, width - 1);
  for (int band = 0; band < height; band += band_rows) {
    const int rows = std::min(band_rows, height - band);
    Neighbours neighbours(rows, width, settings.count);
    for (int down = -reach; down <= reach; ++down) {
      // Of this band, the rows whose candidates lie in the picture.
      const int first = std::max(0, -(band + down)), last = std::min(rows, height - band - down);
      for (int right = -across; right <= across && first < last; ++right) {
        const int x = std::max(0, -right), length = width - std::abs(right);
        distances.begin(band + first, x, last - first, length, down, right);
        for (int row = first; row < last; ++row) {
          const int position = (band + row + down) * width + x + right;
          neighbours.offer(row, x, distances.row(row - first), static_cast<std::uint32_t>(position));
        }
      }
    }
    for (int row = 0; row < rows; ++row) {
      for (int x = 0; x < width; ++x) {
        for (std::uint32_t c = 0; c < view.shape.channels; ++c) *out++ = neighbours.mean(row, x, view, c);
      }
    }
  }
  return result;
}

}  // namespace titrate::image::transforms
