#include <CLI/CLI.hpp>
#include <algorithm>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/core/version.hpp"
#include "verbs.hpp"

namespace {

// CLI11 would only say that a verb is missing.
void refuse_unknown_verb(const CLI::App& app, const std::string& word) {
  std::vector<std::string> verbs;
  for (const CLI::App* verb : app.get_subcommands({})) verbs.push_back(verb->get_name());
  if (word.empty() || word.front() == '-' || std::ranges::find(verbs, word) != verbs.end()) return;
  throw titrate::Error({.code = titrate::ErrorCode::usage,
                        .what = "unknown verb \"" + word + "\"",
                        .expected = titrate::join(verbs, ", "),
                        .hint = titrate::did_you_mean(word, verbs, "see titrate-prep --help")});
}

std::string help_of(const CLI::App& app) {
  std::string words = "titrate-prep ";
  for (const CLI::App* verb : app.get_subcommands()) words += verb->get_name() + " ";
  return words + "--help";
}

int body(int argc, char** argv) {
  CLI::App app("Packs images of any source once into sharded HDF5, for titrate to train on.", "titrate-prep");
  app.set_version_flag("--version", "titrate-prep " + titrate::version());
  app.require_subcommand(1);
  titrate::prep::Run run;
  titrate::prep::add_pack(app, run);
  titrate::prep::add_inspect(app, run);
  titrate::prep::add_verify(app, run);
  titrate::prep::add_export(app, run);
  refuse_unknown_verb(app, argc > 1 ? argv[1] : "");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    throw titrate::Error(
        {.code = titrate::ErrorCode::usage, .what = error.what(), .hint = "see " + help_of(app)});
  }
  return run();
}

}  // namespace

int main(int argc, char** argv) { return titrate::run_and_report("titrate-prep", body, argc, argv); }
