// titrate report DIR: makes every table and picture of a run folder again, from its journal. With --trial it
// prints one trial alone.
#pragma once

#include "verb.hpp"

namespace CLI {
class App;
}

namespace titrate {

void add_report(CLI::App& app, Verb& verb);

}  // namespace titrate
