#include <chrono>

#include "titrate/core/host.hpp"
#include "titrate/core/version.hpp"
#include "titrate/sweep/plan.hpp"
#include "titrate/sweep/runner.hpp"

namespace titrate::sweep {
namespace {

void train_into(TrialRecord& record, const data::Dataset& dataset, const train::Group& group,
                const train::EngineLibrary& engines) {
  record.outcome =
      train::train_trial(dataset, make_setup(record.settings, dataset.manifest()), group, engines);
  record.status = record.outcome.diverged ? Status::diverged : Status::done;
}

}  // namespace

TrialRecord run_trial(const Trial& trial, const data::Dataset& dataset, const train::Group& group,
                      const train::EngineLibrary& engines) {
  const auto start = std::chrono::steady_clock::now();
  TrialRecord record{.trial = trial.id, .settings = trial.settings};
  record.fingerprint = dataset.manifest().fingerprint;
  record.version = version();
  record.numerics = engines.numerics(group.device);
  if (group.size() > 1) {
    train_into(record, dataset, group, engines);
    // The tree gives the same bits at every width; another exchange has a class of its own.
    if (group.exchange->name() != "mpi-tree")
      record.numerics += "/" + group.exchange->name() + "-" + std::to_string(group.size());
  } else {
    try {
      train_into(record, dataset, group, engines);
    } catch (const std::exception& error) {
      record.status = Status::failed;
      record.reason = error.what();
    }
  }
  record.timing = {
      .train_seconds = record.outcome.train_seconds,
      .test_seconds = record.outcome.test_seconds,
      .total_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
      .host = host_name(),
      .width = static_cast<int>(group.size())};
  return record;
}

}  // namespace titrate::sweep
