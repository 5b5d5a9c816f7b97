// titrate evaluate RUN: kept networks under other conditions.
#pragma once

#include "verb.hpp"

namespace CLI {
class App;
}

namespace titrate {

void add_evaluate(CLI::App& app, Verb& verb);

}  // namespace titrate
