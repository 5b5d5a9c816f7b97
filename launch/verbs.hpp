// The verbs of titrate. Each has one file, which binds its options and calls the library.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace titrate {

// Adds the verb to `app`. What it does when it was given is put into `verb`, to be called once parsing is
// over; it returns the exit code.
using Verb = std::function<int()>;

void add_sweep(CLI::App& app, Verb& verb);
void add_plan(CLI::App& app, Verb& verb);
void add_report(CLI::App& app, Verb& verb);
void add_status(CLI::App& app, Verb& verb);
void add_evaluate(CLI::App& app, Verb& verb);
void add_predict(CLI::App& app, Verb& verb);
void add_networks(CLI::App& app, Verb& verb);
void add_doctor(CLI::App& app, Verb& verb);

}  // namespace titrate
