#include "run_trial.hpp"

#include <chrono>
#include <limits>

#include "predictions.hpp"
#include "titrate/comm/agreement.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/host.hpp"
#include "titrate/core/version.hpp"
#include "titrate/train/setup.hpp"

namespace titrate::sweep {
namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

train::CheckpointFolder checkpoints_of(const std::string& trial, const std::string& numerics,
                                       const TrialFiles& files) {
  return {files.run_folder / "checkpoints", trial, numerics, files.attempt, files.checkpoints};
}

// Writes the files before the record: a trial that counts as finished has them.
void write_files(const study::TrialRecord& record, const train::TrainedTrial& trained,
                 const data::Dataset& dataset, const TrialFiles& files) {
  if (record.status != study::Status::done) return;
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

// The tree gives the same bits at every width; other exchanges name themselves and the width.
std::string numerics_of(const train::Group& group, const train::EngineLibrary& engine) {
  const std::string one_rank = engine.numerics(group.device);
  if (group.size() == 1 || group.exchange->name().ends_with("-tree")) return one_rank;
  return one_rank + "/" + group.exchange->name() + "-" + std::to_string(group.size());
}

void train_into(study::TrialRecord& record, const train::Group& group, const Workplace& place,
                train::TrialObserver* observer) {
  train::TrialSetup setup;
  together(group, [&] { setup = train::make_setup(record.settings, place.dataset.manifest()); });
  const train::EngineLibrary engine = train::choose_engine(place.engines, setup, group);
  record.numerics = numerics_of(group, engine);
  train::CheckpointFolder checkpoints = checkpoints_of(record.trial, record.numerics, place.files);
  const train::TrainedTrial trained = train::train_trial(place.dataset, setup, group, engine,
                                                         {.checkpoints = &checkpoints, .observer = observer});
  record.outcome = trained.outcome;
  record.status = trained.outcome.diverged ? study::Status::diverged : study::Status::done;
  if (trained.outcome.diverged) {
    record.reason = trained.outcome.diverged->quantity + " was no finite number at step " +
                    std::to_string(trained.outcome.diverged->step);
  }
  together(group, [&] {
    if (observer != nullptr) observer->at("write_files");
    if (group.rank() == 0) write_files(record, trained, place.dataset, place.files);
  });
}

// Whether the group cannot go on with another trial: not all of its ranks know of the error, or it is no
// failure of the trial.
bool ends_the_run(const std::exception& error, const train::Group& group) {
  const auto* const known = dynamic_cast<const Error*>(&error);
  if (known != nullptr && (known->code() == ErrorCode::stopped || known->code() == ErrorCode::no_progress))
    return true;
  if (group.size() == 1) return false;
  const auto* const agreed = dynamic_cast<const comm::AgreedError*>(&error);
  return agreed == nullptr || agreed->ranks() != group.size();
}

}  // namespace

study::TrialRecord run_trial(const study::Trial& trial, const train::Group& group, const Workplace& workplace,
                             train::TrialObserver* observer) {
  const auto start = std::chrono::steady_clock::now();
  study::TrialRecord record{
      .attempt = workplace.files.attempt, .trial = trial.id, .settings = trial.settings};
  record.fingerprint = workplace.dataset.manifest().fingerprint;
  record.version = version();
  try {
    train_into(record, group, workplace, observer);
  } catch (const std::exception& error) {
    if (ends_the_run(error, group)) throw;
    record.status = study::Status::failed;
    record.reason = first_line(error.what());  // LibTorch's goes on with a stack
  }
  record.timing = {
      .train_seconds = record.outcome.train_seconds,
      .test_seconds = record.outcome.test_seconds,
      .total_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
      .host = host_name(),
      .width = group.size()};
  return record;
}

void remove_checkpoints(const study::TrialRecord& record, const TrialFiles& files) {
  if (record.status != study::Status::failed)
    checkpoints_of(record.trial, record.numerics, files).remove_all();
}

void remove_finished_checkpoints(const std::filesystem::path& run_folder,
                                 const std::vector<study::TrialRecord>& records) {
  constexpr std::uint32_t every = std::numeric_limits<std::uint32_t>::max();
  for (const study::TrialRecord& record : records)
    remove_checkpoints(record, {.run_folder = run_folder, .attempt = every});
}

}  // namespace titrate::sweep
