// One trial, the files it leaves, and whatever goes wrong in it.
#pragma once

#include <filesystem>
#include <functional>

#include "titrate/sweep/record.hpp"
#include "titrate/sweep/study.hpp"
#include "titrate/sweep/weights.hpp"
#include "titrate/train/checkpoint.hpp"

namespace titrate::sweep {

struct TrialFiles {
  std::filesystem::path run_folder{};
  Keep keep = Keep::none;
  train::CheckpointPolicy checkpoints{};
};

// What the trials of a rank have in common. References must outlive it.
struct Workplace {
  const data::Dataset& dataset;
  const train::EngineLibrary& engines;
  TrialFiles files{};
};

// One trial on this rank's group: whatever goes wrong in it is in the record, unless the group has several
// ranks, which cannot go on without each other. Its predictions and, where they are kept, its weights are in
// the run folder when it returns, whose sub-folders `predictions` and `weights` must be there.
TrialRecord run_trial(const Trial& trial, const train::Group& group, const Workplace& workplace,
                      const std::function<void(const train::TrialPosition&)>& on_step = {});

// Once its result is in the journal, a trial needs them no longer.
void remove_checkpoints(const TrialRecord& record, const TrialFiles& files);

// Those that a kill left between the two.
void remove_finished_checkpoints(const std::filesystem::path& run_folder,
                                 const std::vector<TrialRecord>& records);

}  // namespace titrate::sweep
