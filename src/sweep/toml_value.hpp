// From toml++'s nodes to our values.
#pragma once

#include "titrate/core/toml.hpp"

#include <string>

#include "titrate/sweep/settings.hpp"

namespace titrate::sweep {

// Throws Error (usage) for dates and tables.
Value from_toml(const toml::node& node, const std::string& where);

}  // namespace titrate::sweep
