// One trial, the files it leaves, and whatever goes wrong in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "titrate/study/record.hpp"
#include "titrate/study/study.hpp"
#include "titrate/sweep/weights.hpp"
#include "titrate/train/checkpoint.hpp"

namespace titrate::sweep {

struct TrialFiles {
  std::filesystem::path run_folder{};
  Keep keep = Keep::none;
  train::CheckpointPolicy checkpoints{};
  std::uint32_t attempt = 0;  // that this run of the sweep is
};

// What the trials of a rank have in common. References must outlive it.
struct Workplace {
  const data::Dataset& dataset;
  const train::EngineLibrary& engines;
  TrialFiles files{};
};

// One trial on this rank's group: whatever goes wrong in it is in the record, on all of the group's ranks
// alike. Its predictions and, where they are kept, its weights are in the run folder when it returns, whose
// sub-folders `predictions` and `weights` must be there. Collective over the group.
//
// Throws Error (stopped), on all of them, where the observer of one wants that; and what the group cannot go
// on after: an exchange that failed or made no progress, and what one rank of several threw outside of the
// places where they meet.
study::TrialRecord run_trial(const study::Trial& trial, const train::Group& group, const Workplace& workplace,
                             train::TrialObserver* observer = nullptr);

// Once its result is in the journal, a trial needs them no longer.
void remove_checkpoints(const study::TrialRecord& record, const TrialFiles& files);

// Those that a kill left between the two, of any attempt.
void remove_finished_checkpoints(const std::filesystem::path& run_folder,
                                 const std::vector<study::TrialRecord>& records);

}  // namespace titrate::sweep
