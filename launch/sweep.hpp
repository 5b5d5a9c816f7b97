// titrate sweep STUDY --out DIR: runs what a study lacks, and reports.
#pragma once

#include "verb.hpp"

namespace CLI {
class App;
}

namespace titrate {

void add_sweep(CLI::App& app, Verb& verb);

}  // namespace titrate
