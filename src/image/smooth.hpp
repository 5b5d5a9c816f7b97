// Gaussian smoothing of a plane of floats, one axis after the other. Private to this module.
#pragma once

#include <cstddef>
#include <vector>

namespace titrate::image {

// The right half of a normalised kernel, the middle first, cut at 3 sigma. sigma > 0.
std::vector<double> gaussian_kernel(double sigma);

// Rows of a plane start `row_stride(width)` floats apart; what lies beyond the width may be anything.
std::size_t row_stride(std::size_t width);

// In place; outside lies the nearest pixel. Every sum is taken from the middle of the kernel outwards,
// whatever the machine.
void smooth(float* plane, std::size_t height, std::size_t width, const std::vector<double>& kernel,
            std::vector<float>& scratch);

}  // namespace titrate::image
