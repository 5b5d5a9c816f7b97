#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <memory>

#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/log.hpp"
#include "titrate/report/status_text.hpp"
#include "titrate/study/attempt.hpp"
#include "titrate/study/journal.hpp"
#include "titrate/study/study.hpp"
#include "verbs.hpp"

namespace titrate {
namespace {

struct Options {
  std::string folder{};
  bool json = false;
};

// Before the first trial of a run, and of one by an older version, only the journal tells.
void count_journal(const std::filesystem::path& folder, report::RunView& view) {
  const study::Study study = study::read_run_study(folder);
  const study::Journal journal = study::read_journal(folder);
  const std::vector<study::Trial> grid = study::grid(study);
  view.trials = grid.size();
  for (const study::TrialRecord* record : study::present_records(grid, journal.records))
    ++(record->status == study::Status::failed ? view.failed : view.finished);
}

// The journal is there, too, where it cannot be read, or is another version's.
void read_status(const std::filesystem::path& file, report::RunView& view) {
  try {
    view.status = study::parse_status(read_text(file), file.string());
    view.seconds_since_update = std::max(0.0, static_cast<double>(std::time(nullptr) - view.status->updated));
  } catch (const Error& error) {
    Log().warn(error.what());
  }
}

// Which may be later than the status.
void read_end(const std::filesystem::path& folder, report::RunView& view) {
  try {
    if (const auto last = study::read_attempt(folder)) view.end_reason = last->reason;
  } catch (const Error& error) {
    Log().warn(error.what());
  }
}

int run(const Options& options) {
  const std::filesystem::path folder = options.folder, file = study::status_file(folder);
  report::RunView view{.holder = find_holder(folder)};
  std::error_code unknown;
  if (std::filesystem::exists(file, unknown)) read_status(file, view);
  if (!view.status) count_journal(folder, view);
  read_end(folder, view);
  std::fputs((options.json ? report::status_json(view) : report::status_text(view)).c_str(), stdout);
  return 0;
}

}  // namespace

void add_status(CLI::App& app, Verb& verb) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "status", "what the sweep of a run folder is doing: from any shell, also while it runs");
  command->add_option("run", options->folder, "the run folder")->required()->type_name("DIR");
  command->add_flag("--json", options->json, "for programs");
  command->callback([options, &verb] { verb = [options] { return run(*options); }; });
}

}  // namespace titrate
