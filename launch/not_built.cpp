// Stands for what trains, where titrate is built without MPI and LibTorch.
#include <CLI/CLI.hpp>

#include "engine_lines.hpp"
#include "titrate/core/error.hpp"
#include "verbs.hpp"

namespace titrate {
namespace {

constexpr const char* kWhy =
    "not built: this titrate was built without MPI and LibTorch (TITRATE_TRAINING=OFF)";

// Takes any arguments, so that the reason is said, not that an option is unknown.
void add(const char* name, CLI::App& app, Verb& verb) {
  CLI::App* command = app.add_subcommand(name, kWhy);
  command->prefix_command();
  command->callback([name, &verb] {
    verb = [name]() -> int { throw Error({.code = ErrorCode::usage, .where = name, .what = kWhy}); };
  });
}

}  // namespace

void add_sweep(CLI::App& app, Verb& verb) { add("sweep", app, verb); }
void add_plan(CLI::App& app, Verb& verb) { add("plan", app, verb); }
void add_evaluate(CLI::App& app, Verb& verb) { add("evaluate", app, verb); }
void add_predict(CLI::App& app, Verb& verb) { add("predict", app, verb); }
void add_doctor(CLI::App& app, Verb& verb) { add("doctor", app, verb); }

std::string engine_lines(const net::Network&, std::span<const study::Trial>) {
  return "engines: not built\n";
}

}  // namespace titrate
