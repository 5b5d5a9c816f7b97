// Filters against noise.
#pragma once

#include <cstdint>

#include "titrate/image/image.hpp"
#include "titrate/image/transform.hpp"

namespace titrate::image::transforms {

// The median of the size x size pixels around each one, channel by channel; size is odd, 3 to 15.
Image median_of_window(const View& view, std::uint32_t size);

// Steps that mean_of_nearest() takes, of one to five nanoseconds each.
std::uint64_t work_of_nearest(const Shape& shape, const KnnDenoise& settings);

// See KnnDenoise, with at most 256 channels.
Image mean_of_nearest(const View& view, const KnnDenoise& settings);

}  // namespace titrate::image::transforms
