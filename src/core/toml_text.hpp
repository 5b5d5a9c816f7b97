// A look at TOML before it is parsed.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace titrate {

// Where the first byte beyond ASCII stands that is neither in quotes nor in a comment: TOML 1.0 allows none
// there, and toml++ 3.3 has undefined behaviour for some. Nothing when there is none; a byte order mark at
// the start is allowed.
std::optional<std::size_t> find_stray_byte(std::string_view toml);

}  // namespace titrate
