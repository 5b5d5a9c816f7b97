// Smooth random numbers, one per pixel: what elastic distortion moves pixels by. Private to this module.
#pragma once

#include "random_words.hpp"
#include "titrate/image/warp.hpp"

namespace titrate::image {

// Fills two planes, one behind the other, whose rows are row_stride(width) (smooth.hpp) floats apart: alpha
// times noise, uniform in [-1, 1) and 0 outside the picture, smoothed by a gaussian of `sigma` pixels that is
// cut at 3 sigma. Pixel i, row by row, has 16 random bits, eight pixels to a block, the lower half of a word
// first; the second plane starts at a block of its own.
//
// Noise and weights are integers of 16 bits, sums of 32: exact, so the same on every machine, and twice as
// fast as floats. Displacements are right to about alpha / 10,000.
void fill_displacement(const Shape& shape, double alpha, double sigma, const RandomWords& random,
                       float* planes, AugmentScratch& scratch);

}  // namespace titrate::image
