#include "transform_frame.hpp"

#include <algorithm>
#include <optional>

#include "resize.hpp"

namespace titrate::image::transforms {
namespace {

struct Box {
  std::uint32_t top, left, bottom, right;  // the last two are outside
};

std::optional<Box> ink_box(const View& view) {
  const std::uint32_t height = view.shape.height, width = view.shape.width;
  Box box{height, width, 0, 0};
  const std::uint8_t* pixel = view.pixels.data();
  for (std::uint32_t y = 0; y < height; ++y) {
    for (std::uint32_t x = 0; x < width; ++x) {
      if (*pixel++ == 0) continue;
      box = {std::min(box.top, y), std::min(box.left, x), y + 1, std::max(box.right, x + 1)};
    }
  }
  if (box.bottom == 0) return std::nullopt;
  return box;
}

// The whole number of pixels to move by so that moments / mass lies in pixel `middle`: from middle - 1/2 to
// below middle + 1/2. Limited so that `length` pixels stay inside `side`.
std::uint32_t offset_to_middle(std::int64_t moments, std::int64_t mass, std::uint32_t length,
                               std::uint32_t side) {
  const std::int64_t middle = side / 2, numerator = (2 * middle - 1) * mass - 2 * moments;
  const std::int64_t unit = 2 * mass;
  const std::int64_t offset = numerator > 0 ? (numerator + unit - 1) / unit : -(-numerator / unit);
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(offset, 0, side - length));
}

}  // namespace

Image crop(const View& view, const Shape& part, std::uint32_t top, std::uint32_t left) {
  Image result(part);
  const std::size_t pitch = std::size_t{view.shape.width} * part.channels;
  const std::size_t row_bytes = std::size_t{part.width} * part.channels;
  for (std::uint32_t y = 0; y < part.height; ++y) {
    const auto source = view.pixels.subspan((top + y) * pitch + std::size_t{left} * part.channels, row_bytes);
    std::copy(source.begin(), source.end(), result.pixels.data() + y * row_bytes);
  }
  return result;
}

Image place(const View& view, const Shape& whole, std::uint32_t top, std::uint32_t left, std::uint8_t level) {
  Image result(whole);
  if (level != 0) std::fill(result.pixels.begin(), result.pixels.end(), level);
  const std::size_t pitch = std::size_t{whole.width} * whole.channels;
  const std::size_t row_bytes = std::size_t{view.shape.width} * whole.channels;
  for (std::uint32_t y = 0; y < view.shape.height; ++y) {
    const auto source = view.pixels.subspan(y * row_bytes, row_bytes);
    std::copy(source.begin(), source.end(),
              result.pixels.data() + (top + y) * pitch + std::size_t{left} * whole.channels);
  }
  return result;
}

Image center_of_mass(const View& view, std::uint32_t box, std::uint32_t side) {
  const Shape whole{side, side, 1};
  const auto found = ink_box(view);
  if (!found) return Image(whole);
  const std::uint32_t height = found->bottom - found->top, width = found->right - found->left;
  const std::uint64_t longer = std::max(height, width);
  const Image cut = crop(view, {height, width, 1}, found->top, found->left);
  const Image ink = resize(cut.view(), scaled(height, box, longer), scaled(width, box, longer));
  std::int64_t mass = 0, down = 0, right = 0;
  const std::uint8_t* pixel = ink.pixels.data();
  for (std::uint32_t y = 0; y < ink.shape.height; ++y) {
    for (std::uint32_t x = 0; x < ink.shape.width; ++x, ++pixel) {
      mass += *pixel;
      down += std::int64_t{*pixel} * y;
      right += std::int64_t{*pixel} * x;
    }
  }
  // Faint specks can vanish when they are averaged.
  if (mass == 0) return Image(whole);
  return place(ink.view(), whole, offset_to_middle(down, mass, ink.shape.height, side),
               offset_to_middle(right, mass, ink.shape.width, side), 0);
}

}  // namespace titrate::image::transforms
