#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <optional>

#include "titrate/core/error.hpp"
#include "titrate/core/log.hpp"
#include "titrate/report/report.hpp"
#include "titrate/report/trial.hpp"
#include "titrate/study/journal.hpp"
#include "verbs.hpp"

namespace titrate {
namespace {

struct Options {
  std::string folder{};
  std::optional<std::string> trial{};  // to be printed alone
};

// Tables of nothing would take the place of those that a version before made.
void check_present(const std::filesystem::path& folder, const study::Journal& journal,
                   const report::Report& report) {
  if (journal.records.empty() || !report.present.empty()) return;
  throw Error({.code = ErrorCode::usage,
               .where = folder.string(),
               .what = "none of the trials in its journal is of its study: another version of titrate names "
                       "them differently",
               .hint = "use that version, or sweep into another folder"});
}

int run(const Options& options) {
  const std::filesystem::path folder = options.folder;
  const study::Study study = study::read_run_study(folder);
  const study::Journal journal = study::read_journal(folder);
  const Log log;
  for (const std::string& warning : journal.warnings) log.warn(warning);
  if (options.trial) {
    std::fputs(report::trial_text(study, study::find_trial(journal.records, *options.trial)).c_str(), stdout);
    return 0;
  }
  const report::Report report = report::make_report(study, study::grid(study), journal.records);
  check_present(folder, journal, report);
  report::write_report(report, folder);
  std::fputs(report::terminal_text(report).c_str(), stdout);
  std::printf("\nreport: %s\n", std::filesystem::absolute(folder / "report.html").c_str());
  return 0;
}

}  // namespace

void add_report(CLI::App& app, Verb& verb) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("report", "makes every table and picture of a run folder again, from its journal");
  command->add_option("run", options->folder, "the run folder")->required()->type_name("DIR");
  command
      ->add_option(
          "--trial", options->trial,
          "prints the classification report of this trial (or the one whose name begins so), and writes "
          "nothing")
      ->type_name("ID");
  command->callback([options, &verb] { verb = [options] { return run(*options); }; });
}

}  // namespace titrate
