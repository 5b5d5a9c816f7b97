// What moves whole pixels: parts of pictures, pictures on larger ones, ink in the middle.
#pragma once

#include <cstdint>

#include "titrate/image/image.hpp"

namespace titrate::image::transforms {

// The part of `part`'s size whose first pixel is (top, left); it lies inside the picture.
Image crop(const View& view, const Shape& part, std::uint32_t top, std::uint32_t left);

// A picture of shape `whole` with `view` at (top, left), inside it, and `level` around.
Image place(const View& view, const Shape& whole, std::uint32_t top, std::uint32_t left, std::uint8_t level);

// One channel; see transforms::CenterOfMass. 1 <= box <= side.
Image center_of_mass(const View& view, std::uint32_t box, std::uint32_t side);

}  // namespace titrate::image::transforms
