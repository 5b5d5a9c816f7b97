// Digits drawn by titrate: strokes of Bezier curves of our own hand, as many writers as are asked for.
//
// An image is a pure function of (seed, class, index). Index / images_per_writer names the writer, who has a
// slant, a pen width, proportions and a wobble of their own in every outline; each image then has a small
// jitter of its own. White ink on black, anti-aliased; the ink is scaled into a centred box of 20/28 of the
// side and its centre of mass moved to the centre of the picture, as MNIST was made.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "titrate/image/image.hpp"

namespace titrate::image {

struct GlyphRequest {
  std::uint32_t glyph_class = 0;  // an index into glyph_classes()
  std::uint64_t index = 0;        // which image of that class
  std::uint64_t seed = 0;
  std::uint32_t size = 28;  // side of the square picture in pixels, 8 or more
};

// "0" to "9".
std::vector<std::string> glyph_classes();

// One size x size x 1 picture. Throws Error (usage) for an unknown class or a size under 8.
Image draw_glyph(const GlyphRequest& request);

}  // namespace titrate::image
