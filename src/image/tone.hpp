// Changes of levels, in place. Private to this module.
#pragma once

#include <cstdint>
#include <span>

#include "titrate/image/image.hpp"

namespace titrate::image {

// Pixels of a picture that is changed.
struct Canvas {
  Shape shape;
  std::span<std::uint8_t> pixels;

  View view() const { return {shape, pixels}; }
};

void scale_brightness(const Canvas& canvas, double factor);  // black stays
// Away from the mean grey of the picture (of three channels: ITU-R 601 luma), as torchvision's and Pillow's.
void scale_contrast(const Canvas& canvas, double factor);
void apply_gamma(const Canvas& canvas, double exponent);  // 255 (v / 255)^exponent

struct Rectangle {
  std::uint32_t top, left, height, width;
};
void erase(const Canvas& canvas, const Rectangle& rectangle);  // to 0

}  // namespace titrate::image
