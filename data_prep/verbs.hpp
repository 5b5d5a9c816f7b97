// The verbs of titrate-prep. Each has one file, which binds its options and calls the library.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace titrate::prep {

// Adds the verb to `app`. What it does when it was given is put into `run`, to be called once parsing is
// over.
using Run = std::function<int()>;

void add_pack(CLI::App& app, Run& run);
void add_inspect(CLI::App& app, Run& run);
void add_verify(CLI::App& app, Run& run);
void add_export(CLI::App& app, Run& run);

}  // namespace titrate::prep
