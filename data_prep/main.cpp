// titrate-prep: packs images, and what belongs to it.
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
  CLI::App app("Packs images of any source once into sharded HDF5, for titrate to train on.", "titrate-prep");
  app.set_version_flag("--version", "titrate-prep " + titrate::version());
  app.require_subcommand(1);
  titrate::prep::Verb verb;
  titrate::prep::add_pack(app, verb);
  titrate::prep::add_inspect(app, verb);
  titrate::prep::add_verify(app, verb);
  titrate::prep::add_export(app, verb);
  titrate::check_verb("titrate-prep", names_of(app.get_subcommands({})), argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    titrate::refuse_options("titrate-prep", titrate::join(names_of(app.get_subcommands()), " "),
                            error.what());
  }
  return verb();
}

}  // namespace

int main(int argc, char** argv) { return titrate::run_and_report("titrate-prep", run, argc, argv); }
