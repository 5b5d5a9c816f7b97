// One warp with bilinear sampling: affine moves, flips and perspective, joined before a pixel is read.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "titrate/image/image.hpp"

namespace titrate::image {

// Memory that calls reuse, so that the next one need not ask for it; what is in it means nothing. One per
// thread.
struct AugmentScratch {
  std::vector<std::uint8_t> padded, bytes;
  std::vector<float> field, lines;
  std::vector<std::uint32_t> words;
  std::vector<std::int16_t> halves;
};

// Where an output pixel reads from: x' = (xx x + xy y + x0) / w, y' = (yx x + yy y + y0) / w with
// w = wx x + wy y + w0; pixel centres at whole numbers and the origin at the centre of the picture. Nothing
// is read where w <= 0.
struct Projection {
  double xx = 1, xy = 0, x0 = 0;
  double yx = 0, yy = 1, y0 = 0;
  double wx = 0, wy = 0, w0 = 1;

  bool operator==(const Projection&) const = default;
};

// First `first`, then `second`, as moves of the picture (so the sampling maps are multiplied the other way
// round).
Projection then(const Projection& first, const Projection& second);

Projection shift_by(double right, double down);  // pixels
Projection rotate_by(double degrees);            // counter-clockwise as seen; exact for multiples of 90
Projection zoom_by(double factor);               // above 1: larger; factor > 0
Projection shear_by(double degrees);             // what is above the centre goes right; |degrees| < 90
Projection flip_horizontal();                    // left becomes right
Projection flip_vertical();

struct Point {
  double x = 0, y = 0;
};

// The corners of the picture, clockwise from the top left, go to `corners` (origin at the centre, a corner is
// half a side away). Heckbert, "Fundamentals of Texture Mapping and Image Warping" (1989), section 2.2.3.
// Corners on one line have no such map: they leave the picture as it is.
Projection perspective_to(const std::array<Point, 4>& corners, const Shape& shape);

// Same shape; bilinear between the four neighbours, 0 outside, rounded half up. Coordinates are float,
// weights have 14 bits: exact where pixels fall on pixels or half-way between them, elsewhere within one
// level of exact arithmetic for pictures up to 4096 pixels wide. `out` may be the pixels of `view`.
void warp(const View& view, const Projection& projection, std::span<std::uint8_t> out,
          AugmentScratch& scratch);
Image warp(const View& view, const Projection& projection);

}  // namespace titrate::image
