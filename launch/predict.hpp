// titrate predict RUN TRIAL IMAGE...: picture files by a kept network.
#pragma once

#include "verb.hpp"

namespace CLI {
class App;
}

namespace titrate {

void add_predict(CLI::App& app, Verb& verb);

}  // namespace titrate
