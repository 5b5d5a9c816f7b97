// The machine this process runs on.
#pragma once

#include <string>

namespace titrate {

std::string host_name();

}  // namespace titrate
