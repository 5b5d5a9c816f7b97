// What changes levels and channels and leaves every pixel in its place.
#pragma once

#include <cstdint>
#include <span>

#include "titrate/image/image.hpp"

namespace titrate::image::transforms {

Image grey_from_rgb(const View& view);  // three channels
Image rgb_from_grey(const View& view);  // one channel

void invert(std::span<std::uint8_t> pixels);

// As Pillow's ImageOps.equalize, to the bit.
void equalise(Image& image);

}  // namespace titrate::image::transforms
