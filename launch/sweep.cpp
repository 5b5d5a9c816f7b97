#include "sweep.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "study_options.hpp"
#include "titrate/comm/session.hpp"
#include "titrate/core/text.hpp"
#include "titrate/report/report.hpp"
#include "titrate/sweep/runner.hpp"

namespace titrate {
namespace {

struct Options {
  StudyOptions study{};
  std::string out{};
  std::string device = "auto";
  std::string keep = "none";
  train::CheckpointPolicy checkpoints{.minutes = 10};
  int width = 1;
  bool quiet = false;
};

// Rank 0 reports; all end with its exit code, since mpirun kills the others when one leaves early with
// another.
int run_under_mpi(const sweep::SweepOptions& options, const comm::Session& session) {
  const Log log({.world_rank = session.world_size() > 1 ? session.world_rank() : -1, .quiet = options.quiet});
  const sweep::SweepOutcome outcome = sweep::run_sweep(options, session, log);
  int code = 0;
  if (session.world_rank() == 0) {
    report::write_report(options.out, outcome.study, outcome.records);
    std::fputs(report::terminal_table(outcome.study, outcome.records).c_str(), stdout);
    std::printf("\nreport: %s\n", std::filesystem::absolute(options.out / "report.html").c_str());
    std::fflush(stdout);
    code = outcome.failed > 0 ? static_cast<int>(ErrorCode::some_failed) : 0;
  }
  return session.world().agree(code);
}

int run(const Options& options) {
  const sweep::SweepOptions sweep{.study = options.study.file,
                                  .out = options.out,
                                  .overrides = options.study.overrides,
                                  .width = options.width,
                                  .keep = sweep::parse_keep(options.keep, "--keep"),
                                  .checkpoints = options.checkpoints,
                                  .device = comm::parse_device_kind(options.device),
                                  .quiet = options.quiet};
  const comm::Session session;
  return session.run("titrate", [&] { return run_under_mpi(sweep, session); });
}

}  // namespace

void add_sweep(CLI::App& app, Verb& verb) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("sweep", "runs what a study lacks in its run folder, and reports");
  bind_study(*command, options->study);
  command->add_option("--out", options->out, "the run folder; the same command again resumes")
      ->required()
      ->type_name("DIR")
      ->check([](const std::string& text) { return text.empty() ? "no folder is named" : ""; });
  command->add_option("--width", options->width, "ranks that train a trial together")
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option("--keep", options->keep,
                   "weights in RUN/weights: none, best (of each cell, by validation loss) or all")
      ->capture_default_str()
      ->type_name("WHICH");
  command
      ->add_option("--checkpoint-minutes", options->checkpoints.minutes,
                   "a trial that is cut off goes on from its last checkpoint; 0: none by time")
      ->capture_default_str()
      ->check([](const std::string& text) {
        return parse_double(text).value_or(-1) >= 0 ? "" : "not a number of 0 or more";
      })
      ->type_name("M");
  command->add_option("--checkpoint-epochs", options->checkpoints.epochs, "also after so many epochs; 0: not")
      ->capture_default_str()
      ->type_name("N");
  command->add_option("--device", options->device, "auto, cpu or cuda")
      ->capture_default_str()
      ->type_name("D");
  command->add_flag("--quiet", options->quiet, "no progress, warnings only");
  command->callback([options, &verb] { verb = [options] { return run(*options); }; });
}

}  // namespace titrate
