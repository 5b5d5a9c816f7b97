#include "elastic.hpp"

#include <algorithm>

#include "clones.hpp"
#include "sampler.hpp"
#include "smooth.hpp"

namespace titrate::image {
namespace {

// 16 random bits a value, the lower half of a word first, in [-scale, scale].
TITRATE_CLONES void to_uniform(const std::uint32_t* words, std::size_t count, float scale, float* out) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto low = static_cast<std::int32_t>(words[i] & 0xFFFF);
    const auto high = static_cast<std::int32_t>(words[i] >> 16);
    out[2 * i] = (static_cast<float>(low) - 32767.5f) * scale;
    out[2 * i + 1] = (static_cast<float>(high) - 32767.5f) * scale;
  }
}

// Fills a plane with noise: value i of the picture, row by row, is value i of the blocks from `first`.
void fill_noise(const RandomWords& random, std::uint32_t first, const Shape& shape, float scale,
                AugmentScratch& scratch, float* plane) {
  const std::size_t stride = row_stride(shape.width), blocks = (shape.pixels() + 7) / 8;
  scratch.words.resize(room_for_blocks(blocks));
  random.fill(first, blocks, scratch.words.data());
  scratch.lines.resize(blocks * 8);
  to_uniform(scratch.words.data(), blocks * 4, scale, scratch.lines.data());
  for (std::size_t row = 0; row < shape.height; ++row)
    std::copy_n(scratch.lines.data() + row * shape.width, shape.width, plane + row * stride);
}

TITRATE_CLONES void displace(const float* dx, const float* dy, std::size_t row, std::size_t column,
                             std::size_t count, float* x, float* y) {
  const auto at_y = static_cast<float>(row);
  const auto first = static_cast<std::int32_t>(column);
  for (std::size_t i = 0; i < count; ++i) {
    x[i] = static_cast<float>(first + static_cast<std::int32_t>(i)) + dx[i];
    y[i] = at_y + dy[i];
  }
}

}  // namespace

void distort(const View& view, double alpha, double sigma, const RandomWords& random,
             std::span<std::uint8_t> out, AugmentScratch& scratch) {
  const Shape shape = view.shape;
  const std::size_t stride = row_stride(shape.width), plane = stride * shape.height;
  const std::vector<float> kernel = gaussian_kernel(sigma);
  scratch.field.resize(2 * plane);
  const auto scale = static_cast<float>(alpha / 32768);
  const auto blocks = static_cast<std::uint32_t>((shape.pixels() + 7) / 8);
  for (std::uint32_t axis = 0; axis < 2; ++axis) {
    float* field = scratch.field.data() + axis * plane;
    fill_noise(random, axis * blocks, shape, scale, scratch, field);
    smooth(field, shape.height, shape.width, kernel, Border::zero, scratch.lines);
  }
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
