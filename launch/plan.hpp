// titrate plan STUDY: what a study would run, and how long it would take.
#pragma once

#include "verb.hpp"

namespace CLI {
class App;
}

namespace titrate {

void add_plan(CLI::App& app, Verb& verb);

}  // namespace titrate
