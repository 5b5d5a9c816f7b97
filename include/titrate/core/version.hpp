// Which titrate this is.
#pragma once

#include <string>

namespace titrate {

std::string version();  // "0.1.0"

}  // namespace titrate
