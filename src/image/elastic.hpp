// Elastic distortion (Simard, Steinkraus, Platt, "Best Practices for Convolutional Neural Networks Applied to
// Visual Document Analysis", 2003). Private to this module.
#pragma once

#include <cstdint>
#include <span>

#include "random_words.hpp"
#include "titrate/image/warp.hpp"

namespace titrate::image {

// Every pixel is read from a place moved by alpha times smoothed noise: uniform in [-1, 1], 0 outside the
// picture, by a gaussian of `sigma` pixels. `out` may be the pixels of `view`.
void distort(const View& view, double alpha, double sigma, const RandomWords& random,
             std::span<std::uint8_t> out, AugmentScratch& scratch);

}  // namespace titrate::image
