#include "titrate/core/version.hpp"

namespace titrate {

std::string version() { return TITRATE_VERSION; }

}  // namespace titrate
