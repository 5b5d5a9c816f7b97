// The verbs of titrate-prep. Each has one file, which binds its options and calls the library.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace titrate::prep {

// Adds the verb to `app`. What it does when it was given is put into `verb`, to be called once parsing is
// over.
using Verb = std::function<int()>;

void add_pack(CLI::App& app, Verb& verb);
void add_inspect(CLI::App& app, Verb& verb);
void add_verify(CLI::App& app, Verb& verb);
void add_export(CLI::App& app, Verb& verb);

}  // namespace titrate::prep
