// titrate: sweeps, and what belongs to them.
#include <CLI/CLI.hpp>

#include "titrate/core/command_line.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/core/version.hpp"
#include "verbs.hpp"

namespace {

std::vector<std::string> names_of(const std::vector<CLI::App*>& verbs) {
  std::vector<std::string> names;
  for (const CLI::App* verb : verbs) names.push_back(verb->get_name());
  return names;
}

int run(int argc, char** argv) {
  CLI::App app{
      "titrate: adds a measured dose of real, augmented, synthetic or noisy images, trains, and reads the "
      "response"};
  app.set_version_flag("--version", "titrate " + titrate::version());
  app.require_subcommand(1);
  titrate::Verb verb;
  titrate::add_sweep(app, verb);
  titrate::add_plan(app, verb);
  titrate::add_report(app, verb);
  titrate::add_status(app, verb);
  titrate::add_evaluate(app, verb);
  titrate::add_predict(app, verb);
  titrate::add_networks(app, verb);
  titrate::add_doctor(app, verb);
  titrate::check_verb("titrate", names_of(app.get_subcommands({})), argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    titrate::refuse_options("titrate", titrate::join(names_of(app.get_subcommands()), " "), error.what());
  }
  return verb();
}

}  // namespace

int main(int argc, char** argv) { return titrate::run_and_report("titrate", run, argc, argv); }
