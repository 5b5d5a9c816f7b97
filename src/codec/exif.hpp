// Which way up a photograph is, as its EXIF block says, and turning it so.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "titrate/image/image.hpp"

namespace titrate::codec {

// Of the contents of a JPEG's APP1 marker. Nothing when that is no EXIF block; 1 (as stored) when the block
// names no orientation, or none of 1 to 8.
std::optional<int> exif_orientation(std::span<const std::byte> marker);

image::Shape turned_shape(const image::Shape& stored, int orientation);
image::Image turned(image::Image stored, int orientation);

}  // namespace titrate::codec
