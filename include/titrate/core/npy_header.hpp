// What an array of NumPy's begins with in a .npy file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace titrate {

// Format 1.0, C order: magic, length, a Python dict, spaces up to a multiple of 64 bytes. `type` is the text
// of a Python value: "'<f4'", "[('a', '|u1'), ('b', '<f4')]".
std::string npy_header(std::string_view type, std::span<const std::uint64_t> shape);

}  // namespace titrate
