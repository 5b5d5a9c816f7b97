#include "titrate/sweep/run_trial.hpp"

#include <chrono>

#include "titrate/core/file.hpp"
#include "titrate/core/host.hpp"
#include "titrate/core/version.hpp"
#include "titrate/sweep/predictions.hpp"
#include "titrate/sweep/setup.hpp"

namespace titrate::sweep {
namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

train::CheckpointFolder checkpoints_of(const std::string& trial, const std::string& numerics,
                                       const TrialFiles& files) {
  return {files.run_folder / "checkpoints", trial, numerics, files.checkpoints};
}

// Files first, the record after them: a trial that counts as finished has them.
void write_files(const TrialRecord& record, const train::TrainedTrial& trained, const data::Dataset& dataset,
                 const TrialFiles& files) {
  if (record.status != Status::done) return;
  write_file(predictions_file(files.run_folder, record.trial),
             encode_predictions(trained.predictions, dataset.catalog().classes));
  if (files.keep == Keep::none) return;
  const shard::Manifest& manifest = dataset.manifest();
  write_file(weights_file(files.run_folder, record.trial),
             encode_weights({.trial = record.trial,
                             .settings = record.settings,
                             .fingerprint = manifest.fingerprint,
                             .class_names = manifest.class_names,
                             .image = manifest.shape,
                             .standardisation = trained.standardisation,
                             .model = trained.model,
                             .steps = trained.outcome.steps}));
}

// The tree gives the same bits at every width; another order has a class of its own.
std::string numerics_of(const train::Group& group, const train::EngineLibrary& engines) {
  const std::string one_rank = engines.numerics(group.device);
  if (group.size() == 1 || group.exchange->name().ends_with("-tree")) return one_rank;
  return one_rank + "/" + group.exchange->name() + "-" + std::to_string(group.size());
}

void train_into(TrialRecord& record, const train::Group& group, const Workplace& place,
                const std::function<void(const train::TrialPosition&)>& on_step) {
  train::CheckpointFolder checkpoints = checkpoints_of(record.trial, record.numerics, place.files);
  const train::TrainedTrial trained =
      train::train_trial(place.dataset, make_setup(record.settings, place.dataset.manifest()), group,
                         place.engines, {.checkpoints = &checkpoints, .on_step = on_step});
  record.outcome = trained.outcome;
  record.status = trained.outcome.diverged ? Status::diverged : Status::done;
  if (trained.outcome.diverged) {
    record.reason = trained.outcome.diverged->quantity + " was no finite number at step " +
                    std::to_string(trained.outcome.diverged->step);
  }
  if (group.rank() == 0) write_files(record, trained, place.dataset, place.files);
}

}  // namespace

TrialRecord run_trial(const Trial& trial, const train::Group& group, const Workplace& workplace,
                      const std::function<void(const train::TrialPosition&)>& on_step) {
  const auto start = std::chrono::steady_clock::now();
  TrialRecord record{.trial = trial.id, .settings = trial.settings};
  record.fingerprint = workplace.dataset.manifest().fingerprint;
  record.version = version();
  record.numerics = numerics_of(group, workplace.engines);
  if (group.size() > 1) {
    train_into(record, group, workplace, on_step);
  } else {
    try {
      train_into(record, group, workplace, on_step);
    } catch (const std::exception& error) {
      record.status = Status::failed;
      record.reason = first_line(error.what());  // LibTorch's goes on with a stack
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

void remove_checkpoints(const TrialRecord& record, const TrialFiles& files) {
  if (record.status != Status::failed) checkpoints_of(record.trial, record.numerics, files).remove_all();
}

void remove_finished_checkpoints(const std::filesystem::path& run_folder,
                                 const std::vector<TrialRecord>& records) {
  for (const TrialRecord& record : records) remove_checkpoints(record, {.run_folder = run_folder});
}

}  // namespace titrate::sweep
