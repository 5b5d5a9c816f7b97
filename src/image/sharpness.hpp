// Blurring and sharpening, in place. Private to this module.
#pragma once

#include "titrate/image/warp.hpp"
#include "tone.hpp"

namespace titrate::image {

// A gaussian of `sigma` pixels, cut at 3 sigma; outside lies the nearest pixel of the edge.
void blur(const Canvas& canvas, double sigma, AugmentScratch& scratch);
// Unsharp mask: v + amount (v - v blurred by one pixel).
void sharpen(const Canvas& canvas, double amount, AugmentScratch& scratch);

}  // namespace titrate::image
