#include "titrate/image/warp.hpp"

#include <algorithm>
#include <cstring>

#include "clones.hpp"
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

TITRATE_CLONES void affine_rows(const RowStart* starts, const Block& block, const RowStart& step,
                                Coordinates& at) {
  for (std::size_t r = 0; r < block.rows; ++r) {
    float *x = at.x + r * block.columns, *y = at.y + r * block.columns;
    const float x0 = starts[r].x, y0 = starts[r].y;
    for (std::size_t c = 0; c < block.columns; c += kGroup) {
      for (std::size_t k = 0; k < kGroup; ++k) {
        const auto column = static_cast<float>(static_cast<std::int32_t>(c + k));
        x[c + k] = x0 + step.x * column;
        y[c + k] = y0 + step.y * column;
      }
    }
  }
}

TITRATE_CLONES void projective_rows(const RowStart* starts, const Block& block, const RowStart& step,
                                    Coordinates& at) {
  for (std::size_t r = 0; r < block.rows; ++r) {
    float *x = at.x + r * block.columns, *y = at.y + r * block.columns;
    const RowStart start = starts[r];
    for (std::size_t c = 0; c < block.columns; c += kGroup) {
      for (std::size_t k = 0; k < kGroup; ++k) {
        const auto column = static_cast<float>(static_cast<std::int32_t>(c + k));
        const float w = start.w + step.w * column;
        const float over_w = 1.0f / (w > 1e-6f ? w : 1e-6f);
        const float at_x = (start.x + step.x * column) * over_w;
        x[c + k] = w > 1e-6f ? at_x : -1.0f;
        y[c + k] = (start.y + step.y * column) * over_w;
      }
    }
  }
}

// The map per pixel to the right, in the same terms as row_start().
RowStart step_of(const Projection& p, const Shape& shape) {
  const double centre_x = (shape.width - 1.0) / 2, centre_y = (shape.height - 1.0) / 2;
  return {static_cast<float>(p.xx + centre_x * p.wx), static_cast<float>(p.yx + centre_y * p.wx),
          static_cast<float>(p.wx)};
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
  if (p == Projection{}) {
    if (out.data() != view.pixels.data()) std::memcpy(out.data(), view.pixels.data(), shape.bytes());
    return;
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
