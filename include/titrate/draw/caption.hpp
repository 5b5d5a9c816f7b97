// Captions for pictures: a line of text in dots, 5 wide and 7 high, on a grid of 6 x 8.
#pragma once

#include <cstdint>
#include <string_view>

#include "titrate/image/image.hpp"

namespace titrate::draw {

inline constexpr std::uint32_t kCaptionHeight = 8, kCaptionAdvance = 6;

// Writes `text` into `picture` with its left upper corner at (top, left), one dot a pixel, every channel at
// `level`. What does not fit is cut off. Small letters look like capital ones; a character that has no form
// looks like a box.
void write_caption(image::Image& picture, std::string_view text, std::uint32_t top, std::uint32_t left,
                   std::uint8_t level = 255);

}  // namespace titrate::draw
