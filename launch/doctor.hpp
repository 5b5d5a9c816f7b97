// titrate doctor: is this machine, this launcher and this folder fit for a sweep?
#pragma once

#include "verb.hpp"

namespace CLI {
class App;
}

namespace titrate {

void add_doctor(CLI::App& app, Verb& verb);

}  // namespace titrate
