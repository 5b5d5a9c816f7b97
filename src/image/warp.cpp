#include "titrate/image/warp.hpp"
#include "titrate/core/simd_dispatch.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "lanes.hpp"
#include "sampler.hpp"
#include "series.hpp"

namespace titrate::image {
namespace {

struct Block {
  std::size_t row, column, rows, columns;
};

// The map in pixels from the top left, at the start of a row of a block: one sum in double, then floats.
struct RowStart {
  float x, y, w;
};

RowStart row_start(const Projection& p, const Shape& shape, std::size_t row, std::size_t column) {
  const double centre_x = (shape.width - 1.0) / 2, centre_y = (shape.height - 1.0) / 2;
  const double x = static_cast<double>(column) - centre_x, y = static_cast<double>(row) - centre_y;
  const double w = p.wx * x + p.wy * y + p.w0;
  return {static_cast<float>(p.xx * x + p.xy * y + p.x0 + centre_x * w),
          static_cast<float>(p.yx * x + p.yy * y + p.y0 + centre_y * w), static_cast<float>(w)};
}

// Columns are counted in floats, which is exact.
TITRATE_CLONES void affine_rows(const RowStart* starts, const Block& block, const RowStart& step,
                                Coordinates& at) {
  for (std::size_t r = 0; r < block.rows; ++r) {
    const RowStart start = starts[r];
    Eight* x = reinterpret_cast<Eight*>(at.x + r * block.columns);
    Eight* y = reinterpret_cast<Eight*>(at.y + r * block.columns);
    Eight column = kEight;
    for (std::size_t c = 0; c < block.columns; c += kGroup, column += 8.0f) {
      *x++ = column * step.x + start.x;
      *y++ = column * step.y + start.y;
    }
  }
}

TITRATE_CLONES void projective_rows(const RowStart* starts, const Block& block, const RowStart& step,
                                    Coordinates& at) {
  constexpr float kLeast = 1e-6f;  // what lies behind the eye is not seen
  for (std::size_t r = 0; r < block.rows; ++r) {
    const RowStart start = starts[r];
    Eight* x = reinterpret_cast<Eight*>(at.x + r * block.columns);
    Eight* y = reinterpret_cast<Eight*>(at.y + r * block.columns);
    const Eight least = Eight{} + kLeast, outside = Eight{} - 1.0f;
    Eight column = kEight;
    for (std::size_t c = 0; c < block.columns; c += kGroup, column += 8.0f) {
      const Eight w = column * step.w + start.w;
      const auto seen = w > least;
      const Eight over = 1.0f / (seen ? w : least);
      *x++ = seen ? (column * step.x + start.x) * over : outside;
      *y++ = (column * step.y + start.y) * over;
    }
  }
}

// The map per pixel to the right, in the same terms as row_start().
RowStart step_of(const Projection& p, const Shape& shape) {
  const double centre_x = (shape.width - 1.0) / 2, centre_y = (shape.height - 1.0) / 2;
  return {static_cast<float>(p.xx + centre_x * p.wx), static_cast<float>(p.yx + centre_y * p.wx),
          static_cast<float>(p.wx)};
}

// Flips and shifts by whole pixels, and half turns: the source of column 0 and of row 0, and which way it
// goes.
struct Moves {
  std::ptrdiff_t x, y;
  int x_step, y_step;
};

std::optional<Moves> whole_moves(const Projection& p, const Shape& shape) {
  const bool straight = std::fabs(p.xx) == 1 && std::fabs(p.yy) == 1 && p.xy == 0 && p.yx == 0 && p.wx == 0 &&
                        p.wy == 0 && p.w0 == 1;
  if (!straight) return {};
  const double centre_x = (shape.width - 1.0) / 2, centre_y = (shape.height - 1.0) / 2;
  const double x = centre_x + p.x0 - p.xx * centre_x, y = centre_y + p.y0 - p.yy * centre_y;
  if (!(std::fabs(x) < 1e9 && std::fabs(y) < 1e9 && x == std::floor(x) && y == std::floor(y))) return {};
  return Moves{static_cast<std::ptrdiff_t>(x), static_cast<std::ptrdiff_t>(y), static_cast<int>(p.xx),
               static_cast<int>(p.yy)};
}

template <std::size_t kChannels>
inline void reverse(const std::uint8_t* __restrict from, std::size_t count, std::size_t channels,
                    std::uint8_t* __restrict to) {
  const std::size_t step = kChannels == 0 ? channels : kChannels;
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t c = 0; c < step; ++c) to[i * step + c] = from[(count - 1 - i) * step + c];
}

// With the number of channels known, a compiler shuffles registers.
TITRATE_CLONES void reverse_pixels(const std::uint8_t* from, std::size_t count, std::size_t channels,
                                   std::uint8_t* to) {
  if (channels == 1) return reverse<1>(from, count, channels, to);
  if (channels == 3) return reverse<3>(from, count, channels, to);
  reverse<0>(from, count, channels, to);
}

// `from` is another picture than `out`.
void move_whole(const std::uint8_t* from, const Shape& shape, const Moves& moves, std::uint8_t* out) {
  const auto width = static_cast<std::ptrdiff_t>(shape.width),
             height = static_cast<std::ptrdiff_t>(shape.height);
  const std::size_t channels = shape.channels, row_bytes = shape.width * channels;
  // Columns of the output whose source is inside: low .. high - 1.
  const std::ptrdiff_t first = moves.x_step > 0 ? -moves.x : moves.x - width + 1;
  const std::ptrdiff_t low = std::clamp<std::ptrdiff_t>(first, 0, width);
  const std::ptrdiff_t high = std::clamp<std::ptrdiff_t>(first + width, low, width);
  const auto count = static_cast<std::size_t>(high - low);
  const std::ptrdiff_t leftmost = moves.x_step > 0 ? low + moves.x : moves.x - (high - 1);
  for (std::ptrdiff_t row = 0; row < height; ++row, out += row_bytes) {
    const std::ptrdiff_t source = moves.y + moves.y_step * row;
    if (source < 0 || source >= height || count == 0) {
      std::memset(out, 0, row_bytes);
      continue;
    }
    const std::uint8_t* pixels = from + static_cast<std::size_t>(source * width + leftmost) * channels;
    std::uint8_t* to = out + static_cast<std::size_t>(low) * channels;
    std::memset(out, 0, static_cast<std::size_t>(low) * channels);
    if (moves.x_step > 0) {
      std::memcpy(to, pixels, count * channels);
    } else {
      reverse_pixels(pixels, count, channels, to);
    }
    std::memset(to + count * channels, 0, static_cast<std::size_t>(width - high) * channels);
  }
}

}  // namespace

Projection then(const Projection& a, const Projection& b) {
  // The sample point goes back through the second move, then through the first.
  return {a.xx * b.xx + a.xy * b.yx + a.x0 * b.wx, a.xx * b.xy + a.xy * b.yy + a.x0 * b.wy,
          a.xx * b.x0 + a.xy * b.y0 + a.x0 * b.w0, a.yx * b.xx + a.yy * b.yx + a.y0 * b.wx,
          a.yx * b.xy + a.yy * b.yy + a.y0 * b.wy, a.yx * b.x0 + a.yy * b.y0 + a.y0 * b.w0,
          a.wx * b.xx + a.wy * b.yx + a.w0 * b.wx, a.wx * b.xy + a.wy * b.yy + a.w0 * b.wy,
          a.wx * b.x0 + a.wy * b.y0 + a.w0 * b.w0};
}

Projection shift_by(double right, double down) { return {.x0 = -right, .y0 = -down}; }

Projection rotate_by(double degrees) {
  const Direction turn = direction(degrees);
  return {.xx = turn.cosine, .xy = -turn.sine, .yx = turn.sine, .yy = turn.cosine};
}

Projection zoom_by(double factor) { return {.xx = 1 / factor, .yy = 1 / factor}; }

Projection shear_by(double degrees) {
  const Direction slope = direction(degrees);
  return {.xy = slope.sine / slope.cosine};
}

Projection flip_horizontal() { return {.xx = -1}; }
Projection flip_vertical() { return {.yy = -1}; }

Projection perspective_to(const std::array<Point, 4>& corners, const Shape& shape) {
  const auto [p0, p1, p2, p3] = corners;
  // The unit square to the corners: x = (a u + b v + c) / (g u + h v + 1), y = (d u + e v + f) / (...).
  const double sum_x = p0.x - p1.x + p2.x - p3.x, sum_y = p0.y - p1.y + p2.y - p3.y;
  const double dx1 = p1.x - p2.x, dx2 = p3.x - p2.x, dy1 = p1.y - p2.y, dy2 = p3.y - p2.y;
  const double scale = dx1 * dy2 - dx2 * dy1;
  if (scale == 0) return {};
  const double g = (sum_x * dy2 - dx2 * sum_y) / scale, h = (dx1 * sum_y - sum_x * dy1) / scale;
  const double a = p1.x - p0.x + g * p1.x, b = p3.x - p0.x + h * p3.x, c = p0.x;
  const double d = p1.y - p0.y + g * p1.y, e = p3.y - p0.y + h * p3.y, f = p0.y;
  const double determinant = a * (e - f * h) - b * (d - f * g) + c * (d * h - e * g);
  if (determinant == 0) return {};
  // Back from the corners to (u, v) by the adjoint over the determinant, which leaves w above 0 where the
  // square lies, then to the picture.
  const double over = 1 / determinant, width = shape.width, height = shape.height;
  const Projection back{(e - f * h) * over,     (c * h - b) * over,     (b * f - c * e) * over,
                        (f * g - d) * over,     (a - c * g) * over,     (c * d - a * f) * over,
                        (d * h - e * g) * over, (b * g - a * h) * over, (a * e - b * d) * over};
  return then({.xx = width, .x0 = -width / 2, .yy = height, .y0 = -height / 2}, back);
}

void warp(const View& view, const Projection& p, std::span<std::uint8_t> out, AugmentScratch& scratch) {
  const Shape shape = view.shape;
  if (p == Projection{} || view.pixels.empty()) {
    if (out.data() != view.pixels.data()) std::memcpy(out.data(), view.pixels.data(), shape.bytes());
    return;
  }
  if (const auto moves = whole_moves(p, shape)) {
    const std::uint8_t* from = view.pixels.data();
    if (from == out.data()) {
      scratch.padded.assign(view.pixels.begin(), view.pixels.end());
      from = scratch.padded.data();
    }
    return move_whole(from, shape, *moves, out.data());
  }
  const Sampler sampler(view, scratch);
  const bool affine = p.wx == 0 && p.wy == 0 && p.w0 == 1;
  const RowStart step = step_of(p, shape);
  const std::size_t rows = std::max<std::size_t>(1, kChunk / shape.width);
  const std::size_t columns = std::min<std::size_t>(kChunk, shape.width);
  Coordinates at;
  RowStart starts[kChunk];
  for (std::size_t row = 0; row < shape.height; row += rows) {
    for (std::size_t column = 0; column < shape.width; column += columns) {
      const Block block{row, column, std::min(rows, shape.height - row),
                        std::min(columns, shape.width - column)};
      for (std::size_t r = 0; r < block.rows; ++r) starts[r] = row_start(p, shape, row + r, column);
      (affine ? affine_rows : projective_rows)(starts, block, step, at);
      sampler.sample(at, block.rows * block.columns,
                     out.data() + (row * shape.width + column) * shape.channels);
    }
  }
}

Image warp(const View& view, const Projection& projection) {
  AugmentScratch scratch;
  Image result(view.shape);
  warp(view, projection, result.pixels, scratch);
  return result;
}

}  // namespace titrate::image
