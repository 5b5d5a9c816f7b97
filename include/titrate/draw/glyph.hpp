// Digits, capital letters and # drawn by titrate: strokes of Bezier curves of our own hand, as many writers
// as are asked for.
//
// An image is a pure function of (seed, class, index). Index / images_per_writer names the writer, who has a
// slant, a pen width, proportions and a wobble of their own in every outline; each image then has a small
// jitter of its own. White ink on black, anti-aliased; the ink is scaled into a centred box of 20/28 of the
// side and its centre of mass moved to the centre of the picture, as MNIST was made.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "titrate/image/image.hpp"

namespace titrate::draw {

struct GlyphRequest {
  std::uint32_t glyph_class = 0;  // an index into glyph_set("symbols-37")
  std::uint64_t index = 0;        // which image of that class
  std::uint64_t seed = 0;
  std::uint32_t size = 28;  // side of the square picture in pixels, 8 or more
};

// The classes of a set: "digits" (0 to 9), "letters" (A to Z) or "symbols-37" (the digits, the letters, then
// #). Empty for any other name.
std::vector<std::string> glyph_set(std::string_view name);
std::vector<std::string> glyph_set_names();

// One size x size x 1 picture. Throws Error (usage) for an unknown class or a size under 8.
image::Image draw_glyph(const GlyphRequest& request);

}  // namespace titrate::draw
