// One trial, the files it leaves, and whatever goes wrong in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "titrate/study/record.hpp"
#include "titrate/study/study.hpp"
#include "titrate/sweep/weights.hpp"
#include "titrate/train/checkpoint.hpp"
#include "titrate/train/engines.hpp"

namespace titrate::sweep {

struct TrialFiles {
  std::filesystem::path run_folder{};
  Keep keep = Keep::none;
  train::CheckpointPolicy checkpoints{};
  std::uint32_t attempt = 0;  // that this run of the sweep is
};

// Shared by the trials of a rank. References must outlive it.
struct Workplace {
  const data::Dataset& dataset;
  const train::Engines& engines;
  TrialFiles files{};
};

// Runs one trial on this rank's group and returns its record, the same on all ranks of the group, also for a
// trial that failed. Its predictions and, where they are kept, its weights are then in the run folder, whose
// sub-folders `predictions` and `weights` must exist. Collective over the group.
//
// Throws Error (stopped) on all ranks where the observer of one wants to stop. Throws what ends the group: an
// exchange that failed or made no progress, and an error of one rank that the others do not know of.
study::TrialRecord run_trial(const study::Trial& trial, const train::Group& group, const Workplace& workplace,
                             train::TrialObserver* observer = nullptr);

// To be called when the record is in the journal. A failed trial keeps its checkpoints.
void remove_checkpoints(const study::TrialRecord& record, const TrialFiles& files);

// The same for all records, of any attempt: a killed run may have left checkpoints.
void remove_finished_checkpoints(const std::filesystem::path& run_folder,
                                 const std::vector<study::TrialRecord>& records);

}  // namespace titrate::sweep
