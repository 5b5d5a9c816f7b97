#include "resize.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "transform_frame.hpp"

namespace titrate::image::transforms {
namespace {

// What each new pixel of one axis is made of: weights[begin[i]] to weights[begin[i + 1]] belong to the old
// pixels first[i], first[i] + 1, ... and sum to `total`.
struct Axis {
  std::uint64_t total = 1;
  std::vector<std::uint32_t> first, begin{0}, weights;

  void add(std::uint64_t weight) { weights.push_back(static_cast<std::uint32_t>(weight)); }
  void close(std::uint64_t first_pixel) {
    first.push_back(static_cast<std::uint32_t>(first_pixel));
    begin.push_back(static_cast<std::uint32_t>(weights.size()));
  }
};

// In units of 1 / fresh of an old pixel, new pixel i covers i * old to (i + 1) * old.
Axis area_axis(std::uint64_t old, std::uint64_t fresh) {
  Axis axis;
  const std::uint64_t pixels = fresh, common = std::gcd(old, fresh);
  old /= common;
  fresh /= common;
  axis.total = old;
  for (std::uint64_t i = 0; i < pixels; ++i) {
    const std::uint64_t low = i * old, high = low + old;
    for (std::uint64_t at = low; at < high;) {
      const std::uint64_t end = std::min((at / fresh + 1) * fresh, high);
      axis.add(end - at);
      at = end;
    }
    axis.close(low / fresh);
  }
  return axis;
}

// The centre of new pixel i lies at ((2 i + 1) old - fresh) / (2 fresh) of the old ones; beyond the outer
// centres the outer pixels go on.
Axis bilinear_axis(std::int64_t old, std::int64_t fresh) {
  Axis axis;
  const std::int64_t unit = 2 * fresh;
  axis.total = static_cast<std::uint64_t>(unit);
  for (std::int64_t i = 0; i < fresh; ++i) {
    const std::int64_t at = std::clamp<std::int64_t>((2 * i + 1) * old - fresh, 0, (old - 1) * unit);
    axis.add(static_cast<std::uint64_t>(unit - at % unit));
    if (at % unit > 0) axis.add(static_cast<std::uint64_t>(at % unit));
    axis.close(static_cast<std::uint64_t>(at / unit));
  }
  return axis;
}

Axis make_axis(std::uint32_t old, std::uint32_t fresh) {
  return fresh <= old ? area_axis(old, fresh) : bilinear_axis(old, fresh);
}

// Row `row` of the new picture at the old width: sums of old rows, not yet divided. Column holds 255 x the
// total.
template <typename Column>
void add_rows(const View& view, const Axis& vertical, std::uint32_t row, std::vector<Column>& sums) {
  std::fill(sums.begin(), sums.end(), Column{0});
  const std::uint8_t* source = view.pixels.data() + vertical.first[row] * sums.size();
  for (std::uint32_t k = vertical.begin[row]; k < vertical.begin[row + 1]; ++k, source += sums.size()) {
    const auto weight = static_cast<Column>(vertical.weights[k]);
    for (std::size_t x = 0; x < sums.size(); ++x) sums[x] = static_cast<Column>(sums[x] + weight * source[x]);
  }
}

// Sum holds 2 x 255 x both totals, and so does a double, exactly. Its rounded quotient lies below the next
// whole number whenever the true one does, since that is at least 1 / divisor away: cutting it rounds half
// up.
template <typename Sum, typename Column>
void divide_row(const std::vector<Column>& sums, const Axis& horizontal, std::uint64_t divisor,
                std::uint32_t channels, std::uint8_t* out) {
  const auto half = static_cast<Sum>(divisor), whole = static_cast<Sum>(2);
  const double quotient_of = 2 * static_cast<double>(divisor);
  for (std::size_t column = 0; column < horizontal.first.size(); ++column) {
    const std::uint32_t* weight = horizontal.weights.data() + horizontal.begin[column];
    const std::uint32_t taps = horizontal.begin[column + 1] - horizontal.begin[column];
    const Column* source = sums.data() + std::size_t{horizontal.first[column]} * channels;
    for (std::uint32_t c = 0; c < channels; ++c) {
      Sum sum = 0;
      for (std::uint32_t k = 0; k < taps; ++k) sum += static_cast<Sum>(weight[k]) * source[k * channels + c];
      *out++ = static_cast<std::uint8_t>(static_cast<double>(whole * sum + half) / quotient_of);
    }
  }
}

template <typename Sum, typename Column>
void run(const View& view, const Axis& vertical, const Axis& horizontal, Image& result) {
  const std::uint32_t channels = view.shape.channels;
  std::vector<Column> sums(std::size_t{view.shape.width} * channels);
  std::uint8_t* out = result.pixels.data();
  for (std::uint32_t row = 0; row < result.shape.height; ++row) {
    add_rows(view, vertical, row, sums);
    divide_row<Sum>(sums, horizontal, vertical.total * horizontal.total, channels, out);
    out += std::size_t{result.shape.width} * channels;
  }
}

// Is `shape` the flatter of the two, so that its width is met first when it grows?
bool flatter(const Shape& shape, std::uint64_t height, std::uint64_t width) {
  return shape.width * height > width * shape.height;
}

}  // namespace

std::uint32_t scaled(std::uint64_t side, std::uint64_t to, std::uint64_t from) {
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(1, (2 * side * to + from) / (2 * from)));
}

Image resize(const View& view, std::uint32_t height, std::uint32_t width) {
  if (view.shape.height == height && view.shape.width == width) return Image(view);
  Image result(Shape{height, width, view.shape.channels});
  const Axis vertical = make_axis(view.shape.height, height), horizontal = make_axis(view.shape.width, width);
  // Narrow sums make the common sizes several times faster; the result is the same.
  const auto holds = [](std::uint64_t value, auto type) {
    return value <= std::numeric_limits<decltype(type)>::max();
  };
  const bool narrow_columns = holds(255 * vertical.total, std::uint16_t{});
  if (!holds((2 * 255 + 1) * vertical.total * horizontal.total, std::uint32_t{})) {
    run<std::uint64_t, std::uint32_t>(view, vertical, horizontal, result);
  } else if (narrow_columns) {
    run<std::uint32_t, std::uint16_t>(view, vertical, horizontal, result);
  } else {
    run<std::uint32_t, std::uint32_t>(view, vertical, horizontal, result);
  }
  return result;
}

Image resize_to_fit(const View& view, std::uint32_t height, std::uint32_t width) {
  const Shape& shape = view.shape;
  const bool flat = flatter(shape, height, width);
  const std::uint32_t inner_height = flat ? scaled(shape.height, width, shape.width) : height;
  const std::uint32_t inner_width = flat ? width : scaled(shape.width, height, shape.height);
  const Image inner = resize(view, inner_height, inner_width);
  return place(inner.view(), {height, width, shape.channels}, (height - inner_height) / 2,
               (width - inner_width) / 2, 0);
}

Image resize_to_cover(const View& view, std::uint32_t height, std::uint32_t width) {
  const Shape& shape = view.shape;
  const bool flat = flatter(shape, height, width);
  const std::uint32_t kept_height = flat ? shape.height : scaled(shape.width, height, width);
  const std::uint32_t kept_width = flat ? scaled(shape.height, width, height) : shape.width;
  const Image kept = crop(view, {kept_height, kept_width, shape.channels}, (shape.height - kept_height) / 2,
                          (shape.width - kept_width) / 2);
  return resize(kept.view(), height, width);
}

}  // namespace titrate::image::transforms
