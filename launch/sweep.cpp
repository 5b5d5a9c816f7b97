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
  std::string plan{};
  int width = 0, trials_per_gpu = 0;
  double exchange_timeout_seconds = 600;
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
                                  .plan = options.plan,
                                  .out = options.out,
                                  .overrides = options.study.overrides,
                                  .width = options.width,
                                  .trials_per_gpu = options.trials_per_gpu,
                                  .exchange_timeout_seconds = options.exchange_timeout_seconds,
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
  CLI::Option* const study = bind_study(*command, options->study);
  command->add_option("--out", options->out, "the run folder; the same command again resumes")
      ->required()
      ->type_name("DIR")
      ->check([](const std::string& text) { return text.empty() ? "no folder is named" : ""; });
  CLI::Option* const width =
      bind_count(*command, "--width", options->width,
                 "ranks that train a trial together; auto: one, but more for the longest trials where "
                 "train.micro_batches allows it");
  bind_count(*command, "--trials-per-gpu", options->trials_per_gpu,
             "ranks that may share a GPU; auto: as many as its memory holds");
  study->required(false);
  command
      ->add_option("--plan", options->plan,
                   "what titrate plan --out wrote, instead of a study: run as planned")
      ->excludes(study)
      ->excludes(width)
      ->excludes(command->get_option("--dataset"))
      ->excludes(command->get_option("--axis"))
      ->excludes(command->get_option("--set"))
      ->type_name("FILE");
  command
      ->add_option("--exchange-timeout", options->exchange_timeout_seconds,
                   "seconds that a rank waits for its group on GPUs before the run ends with 86")
      ->capture_default_str()
      ->check(CLI::PositiveNumber)
      ->type_name("S");
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
  command->callback([options, &verb] {
    if (options->study.file.empty() && options->plan.empty())
      throw CLI::RequiredError("STUDY.toml, or --plan FILE");
    verb = [options] { return run(*options); };
  });
}

}  // namespace titrate
