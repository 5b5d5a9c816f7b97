// Eight floats at a time, and how a float becomes a pixel level.
#pragma once

#include <algorithm>
#include <cstdint>

namespace titrate::image {

// Eight floats: one register where there are such, else two. Any address will do.
typedef float Eight __attribute__((vector_size(32), aligned(4), may_alias));

inline constexpr Eight kEight{0, 1, 2, 3, 4, 5, 6, 7};

// Rounded half up and cut to 0..255. Cut as an integer: a loop over this vectorises, and |value| stays far
// below 2^31 wherever it is used.
inline std::uint8_t to_level(float value) {
  return static_cast<std::uint8_t>(std::clamp(static_cast<std::int32_t>(value + 0.5f), 0, 255));
}

}  // namespace titrate::image
