#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <thread>

#include "study_options.hpp"
#include "titrate/comm/session.hpp"
#include "titrate/comm/watchdog.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/doctor/doctor.hpp"
#include "titrate/report/report.hpp"
#include "titrate/sweep/runner.hpp"
#include "verbs.hpp"

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
  double watchdog_seconds = 300, deadline_minutes = 0;
  bool quiet = false;
};

// On rank 0, at its end. Returns the exit code.
int report(const sweep::SweepOptions& options, const sweep::SweepOutcome& outcome, comm::Watchdog& watchdog) {
  watchdog.enter("report");
  if (outcome.missing > 0) {
    watchdog.on_end(nullptr);
    outcome.attempt->end(study::RunState::stopped);
    std::fprintf(stderr,
                 "titrate: stopped on request: %s of %s trials are finished; the same command resumes\n",
                 with_commas(outcome.trials.size() - outcome.missing).c_str(),
                 with_commas(outcome.trials.size()).c_str());
    return exit_code(ErrorCode::stopped);
  }
  outcome.attempt->require_current();
  const report::Report report = report::make_report(outcome.study, outcome.trials, outcome.records);
  report::write_report(report, options.out);
  std::fputs(report::terminal_text(report).c_str(), stdout);
  std::printf("\nreport: %s\n", std::filesystem::absolute(options.out / "report.html").c_str());
  std::fflush(stdout);
  watchdog.on_end(nullptr);
  outcome.attempt->end(study::RunState::finished);
  return outcome.failed > 0 ? exit_code(ErrorCode::some_failed) : 0;
}

// All end with rank 0's exit code, since mpirun kills the others when one leaves early with another.
int run_under_mpi(const sweep::SweepOptions& options, const comm::WatchdogOptions& limits,
                  const comm::Session& session) {
  const Log log({.world_rank = session.world_size() > 1 ? session.world_rank() : -1, .quiet = options.quiet});
  sweep::SweepOutcome outcome;  // before the watchdog, which may have to write into it
  comm::Watchdog watchdog(session, limits);
  watchdog.enter("preflight");
  doctor::require_places(session, options.out, log);
  outcome = sweep::run_sweep(options, session, watchdog, log);
  if (outcome.attempt) watchdog.on_end([&](const std::string& why) { outcome.attempt->fail(why); });
  if (session.world_rank() != 0) watchdog.idle("report");
  const int code = session.world().agree(session.world_rank() == 0 ? report(options, outcome, watchdog) : 0);
  watchdog.enter("end");
  watchdog.close();
  return code;
}

// What MPI would end this process for, with a page of its own words or none. mpirun ends all ranks when one
// leaves with a code, so those who say nothing wait for the one who speaks.
void check_start() {
  try {
    doctor::require_start(comm::get_environment);
  } catch (const Error&) {
    if (comm::launched_rank(comm::get_environment) != 0) std::this_thread::sleep_for(std::chrono::seconds(1));
    throw;
  }
}

int run(const Options& options) {
  const sweep::SweepOptions sweep{.study = options.study.file,
                                  .plan = options.plan,
                                  .out = options.out,
                                  .overrides = options.study.overrides,
                                  .width = options.width,
                                  .trials_per_gpu = options.trials_per_gpu,
                                  .exchange_timeout_seconds = options.exchange_timeout_seconds,
                                  .keep = parse_choice<sweep::Keep>(options.keep, "--keep"),
                                  .checkpoints = options.checkpoints,
                                  .device = parse_choice<comm::DeviceKind>(options.device, "--device"),
                                  .quiet = options.quiet};
  const comm::WatchdogOptions limits{.limit_seconds = options.watchdog_seconds,
                                     .deadline_seconds = 60 * options.deadline_minutes};
  comm::remember_stop_signals();
  check_start();
  std::optional<comm::Session> session(limits.limit_seconds);
  const int code = session->run("titrate", [&] { return run_under_mpi(sweep, limits, *session); });
  session.reset();
  // From here on no other rank would miss this one, and LibTorch and its libraries take their time to go.
  std::fflush(nullptr);
  std::_Exit(code);
}

// Not less: a start waits 10 s for another's lock, and slow sites have four times this.
constexpr double kLeastWatchdog = 3;

std::string zero_or_enough(const std::string& text) {
  const double seconds = parse_double(text).value_or(-1);
  return seconds == 0 || seconds >= kLeastWatchdog ? "" : "neither 0 nor a number of 3 or more";
}

std::string zero_or_more(const std::string& text) {
  return parse_double(text).value_or(-1) >= 0 ? "" : "not a number of 0 or more";
}

// How long things may take.
void bind_limits(CLI::App& command, Options& options) {
  command
      .add_option("--exchange-timeout", options.exchange_timeout_seconds,
                  "seconds that a rank waits for its group on GPUs before the run ends with 86")
      ->capture_default_str()
      ->check(CLI::PositiveNumber)
      ->type_name("S");
  command
      .add_option("--deadline", options.deadline_minutes,
                  "minutes after which the sweep stops by itself, as USR1 would stop it; 0: none")
      ->capture_default_str()
      ->check(zero_or_more)
      ->type_name("M");
  command
      .add_option("--watchdog", options.watchdog_seconds,
                  "seconds without progress on a rank after which the run ends with 86; 0: never")
      ->capture_default_str()
      ->check(zero_or_enough)
      ->type_name("S");
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
      ->add_option("--keep", options->keep,
                   "weights in RUN/weights: none, best (of each cell, by validation loss) or all")
      ->capture_default_str()
      ->type_name("WHICH");
  command
      ->add_option("--checkpoint-minutes", options->checkpoints.minutes,
                   "a trial that is cut off goes on from its last checkpoint; 0: none by time")
      ->capture_default_str()
      ->check(zero_or_more)
      ->type_name("M");
  command->add_option("--checkpoint-epochs", options->checkpoints.epochs, "also after so many epochs; 0: not")
      ->capture_default_str()
      ->type_name("N");
  bind_limits(*command, *options);
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
