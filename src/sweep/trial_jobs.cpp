#include "trial_jobs.hpp"

#include "titrate/data/schedule.hpp"
#include "titrate/train/preparation.hpp"
#include "titrate/train/setup.hpp"

namespace titrate::sweep {
namespace {

// The group as the trainer takes it: `reduction` chooses the exchange.
train::Group train_group(dispatch::WorkGroup& group, study::Reduction reduction) {
  if (!group.communicator) return {.device = group.device};
  const bool by_tree = reduction == study::Reduction::tree && group.tree;
  return {.communicator = &*group.communicator,
          .exchange = by_tree ? group.tree.get() : group.fast.get(),
          .device = group.device};
}

}  // namespace

TrialJobs::TrialJobs(const std::vector<study::Trial>& trials, const Workplace& workplace, int world_rank)
    : workplace_(workplace), world_rank_(world_rank) {
  for (const study::Trial& trial : trials) trials_[trial.id] = &trial;
}

void TrialJobs::run(const std::string& id, dispatch::WorkGroup& group, dispatch::JobObserver& observer) {
  const study::Trial& trial = *trials_.at(id);
  const train::Group ranks = train_group(group, trial.settings.train.reduction);
  study::TrialRecord record = run_trial(trial, ranks, workplace_, &observer);
  if (!group.is_led_here()) return;
  record.timing.world_rank = world_rank_;
  observer.keep(to_json(record));
  remove_checkpoints(record, workplace_.files);
  if (world_rank_ != 0) return;
  const std::lock_guard lock(mutex_);
  own_[id] = std::move(record);
}

dispatch::JobOutcome TrialJobs::collect(const std::string& id, const std::optional<std::string>& record) {
  if (record) {
    records_.push_back(study::parse_record(*record, "message"));
  } else {
    const std::lock_guard lock(mutex_);
    records_.push_back(std::move(own_.at(id)));
    own_.erase(id);
  }
  const study::TrialRecord& last = records_.back();
  return {.failed = last.status == study::Status::failed, .reason = last.reason, .steps = last.outcome.steps};
}

std::string TrialJobs::describe(const std::string& id) const {
  return describe_trial(trials_.at(id)->settings);
}

TrialJobs::EpochShape TrialJobs::epoch_shape(const study::Settings& settings) const {
  const train::TrialSetup setup = train::make_setup(settings, workplace_.dataset.manifest());
  const std::uint64_t images = data::training_images(setup.selection);
  const std::uint32_t batch_size = setup.train.batch_size;
  return {images, data::batches_per_epoch(images, batch_size, train::least_batch(setup)), batch_size};
}

std::uint64_t TrialJobs::images_seen(const std::string& id, std::uint64_t steps) {
  const auto [place, is_new] = shapes_.try_emplace(id);
  EpochShape& shape = place->second;
  if (is_new) shape = epoch_shape(trials_.at(id)->settings);
  return data::images_seen(steps, shape.images, shape.batch_size, shape.batches);
}

}  // namespace titrate::sweep
