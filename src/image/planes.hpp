// Channels apart and together again. Private to this module.
#pragma once

#include <cstddef>
#include <cstdint>

namespace titrate::image {

// `count` pixels of `channels` values each; the plane of channel c starts at planes + c * distance. Joining
// may write nothing but the pixels; splitting nothing but `count` values of each plane.
void split_channels(const std::uint8_t* pixels, std::size_t count, std::size_t channels, std::uint8_t* planes,
                    std::size_t distance);
void join_channels(const std::uint8_t* planes, std::size_t distance, std::size_t count, std::size_t channels,
                   std::uint8_t* pixels);

}  // namespace titrate::image
