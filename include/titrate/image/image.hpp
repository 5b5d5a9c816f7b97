// Pictures in memory: 8 bits, height x width x channels, rows from the top, channels interleaved.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace titrate::image {

struct Shape {
  std::uint32_t height = 0;
  std::uint32_t width = 0;
  std::uint32_t channels = 1;

  std::size_t pixels() const { return std::size_t{height} * width; }
  std::size_t bytes() const { return pixels() * channels; }
  bool operator==(const Shape&) const = default;
};

std::string to_string(const Shape& shape);  // "28 x 28 x 1"

// Someone else's pixels, H x W x C.
struct View {
  Shape shape;
  std::span<const std::uint8_t> pixels;
};

// Owns its pixels.
struct Image {
  Shape shape;
  std::vector<std::uint8_t> pixels;

  Image() = default;
  explicit Image(const Shape& s) : shape(s), pixels(s.bytes()) {}
  explicit Image(const View& view) : shape(view.shape), pixels(view.pixels.begin(), view.pixels.end()) {}

  View view() const { return {shape, pixels}; }
};

}  // namespace titrate::image
