// From toml++'s nodes to our values.
#pragma once

#include "titrate/core/toml.hpp"

#include <string>

#include "titrate/core/document.hpp"

namespace titrate {

// Throws Error (usage) for dates and tables.
Value from_toml(const toml::node& node, const std::string& where);

}  // namespace titrate
