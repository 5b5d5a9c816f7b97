// One affine warp with bilinear sampling.
#pragma once

#include "titrate/image/image.hpp"

namespace titrate::image {

// Where an output pixel reads from: x' = xx x + xy y + x0, y' = yx x + yy y + y0, with pixel centres at whole
// numbers and the origin at the centre of the picture.
struct Affine {
  double xx = 1, xy = 0, x0 = 0;
  double yx = 0, yy = 1, y0 = 0;
};

// First `first`, then `second`, as moves of the picture (so the sampling maps are multiplied the other way
// round).
Affine then(const Affine& first, const Affine& second);

Affine shift_by(double right, double down);  // pixels
Affine rotate_by(double degrees);            // counter-clockwise as seen
Affine zoom_by(double factor);               // above 1: larger; factor > 0

// Same shape; bilinear between the four neighbours, 0 outside, rounded half up.
Image warp(const View& view, const Affine& affine);

}  // namespace titrate::image
