#include "elastic.hpp"

#include <algorithm>

#include "displacement.hpp"
#include "lanes.hpp"
#include "sampler.hpp"
#include "smooth.hpp"
#include "titrate/core/simd_dispatch.hpp"

namespace titrate::image {
namespace {

// Whole groups, so up to one group less one beyond `count`: the rows of a field have room.
TITRATE_CLONES void displace(const float* dx, const float* dy, std::size_t row, std::size_t column,
                             std::size_t count, float* x, float* y) {
  const auto at_y = static_cast<float>(row);
  Eight at_x = kEight + static_cast<float>(column);
  for (std::size_t i = 0; i < count; i += kGroup, at_x += 8.0f) {
    *reinterpret_cast<Eight*>(x + i) = at_x + *reinterpret_cast<const Eight*>(dx + i);
    *reinterpret_cast<Eight*>(y + i) = at_y + *reinterpret_cast<const Eight*>(dy + i);
  }
}

}  // namespace

void distort(const View& view, double alpha, double sigma, const RandomWords& random,
             std::span<std::uint8_t> out, AugmentScratch& scratch) {
  const Shape shape = view.shape;
  const std::size_t stride = row_stride(shape.width), plane = stride * shape.height;
  scratch.field.resize(2 * plane);
  fill_displacement(shape, alpha, sigma, random, scratch.field.data(), scratch);
  const Sampler sampler(view, scratch);
  const float *dx = scratch.field.data(), *dy = dx + plane;
  Coordinates at;
  const std::size_t rows = std::max<std::size_t>(1, kChunk / shape.width);
  const std::size_t columns = std::min<std::size_t>(kChunk, shape.width);
  for (std::size_t row = 0; row < shape.height; row += rows) {
    for (std::size_t column = 0; column < shape.width; column += columns) {
      const std::size_t high = std::min(rows, shape.height - row),
                        wide = std::min(columns, shape.width - column);
      for (std::size_t r = 0; r < high; ++r) {
        const std::size_t from = (row + r) * stride + column;
        displace(dx + from, dy + from, row + r, column, wide, at.x + r * wide, at.y + r * wide);
      }
      sampler.sample(at, high * wide, out.data() + (row * shape.width + column) * shape.channels);
    }
  }
}

}  // namespace titrate::image
