// titrate networks: the zoo, and layer tables.
#pragma once

#include "verb.hpp"

namespace CLI {
class App;
}

namespace titrate {

void add_networks(CLI::App& app, Verb& verb);

}  // namespace titrate
