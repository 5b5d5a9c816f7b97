// Pictures of another size: see transform.hpp for what is computed.
#pragma once

#include <cstdint>

#include "titrate/image/image.hpp"

namespace titrate::image::transforms {

// height x width x the channels of `view`; stretches each axis for itself. Neither picture is empty, both
// have at most 2^24 pixels, and the new sides are at most 2^14: within that all sums are exact.
Image resize(const View& view, std::uint32_t height, std::uint32_t width);

// `side` times to / from, rounded half up, at least 1: the whole length of a side that is scaled.
std::uint32_t scaled(std::uint64_t side, std::uint64_t to, std::uint64_t from);

// As resize(), but with the aspect of `view` kept: `fit` fills the rest with 0, `cover` leaves out what has
// no room.
Image resize_to_fit(const View& view, std::uint32_t height, std::uint32_t width);
Image resize_to_cover(const View& view, std::uint32_t height, std::uint32_t width);

}  // namespace titrate::image::transforms
