// titrate status DIR: what the sweep of a run folder is doing.
#pragma once

#include "verb.hpp"

namespace CLI {
class App;
}

namespace titrate {

void add_status(CLI::App& app, Verb& verb);

}  // namespace titrate
