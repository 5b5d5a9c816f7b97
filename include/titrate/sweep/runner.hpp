// A sweep from its study to its records: everything that happens under MPI.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "titrate/comm/device.hpp"
#include "titrate/comm/session.hpp"
#include "titrate/comm/watchdog.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/log.hpp"
#include "titrate/dispatch/attempt.hpp"
#include "titrate/study/record.hpp"
#include "titrate/study/study.hpp"
#include "titrate/sweep/weights.hpp"
#include "titrate/train/checkpoint.hpp"

namespace titrate::sweep {

struct SweepOptions {
  std::filesystem::path study{};  // or a plan, which has one in it
  std::filesystem::path plan{};
  std::filesystem::path out{};  // the run folder
  study::StudyOverrides overrides{};
  int width = 0;           // ranks that train a trial together; 0: as many as the plan finds good
  int trials_per_gpu = 0;  // ranks that may share a GPU; 0: as many as its memory holds
  double exchange_timeout_seconds = 600;  // that a group on GPUs may wait for its ranks
  Keep keep = Keep::none;
  train::CheckpointPolicy checkpoints{};
  comm::DeviceKind device = comm::DeviceKind::automatic;
  bool quiet = false;
};

// On rank 0: the study as run, its grid, and the records of every trial that any attempt finished. Empty on
// other ranks.
struct SweepOutcome {
  std::unique_ptr<FolderLock> lock{};            // of the run folder: keep it until the report is written
  std::unique_ptr<dispatch::Attempt> attempt{};  // to be ended by then
  study::Study study{};
  std::vector<study::Trial> trials{};  // the grid
  std::vector<study::TrialRecord> records{};
  std::size_t failed = 0, missing = 0;  // trials of the grid
};

// Collective over the session's world. Runs what the journal lacks; trials are missing afterwards only where
// `watchdog` was asked to stop. Throws Error, the same on every rank before training starts.
SweepOutcome run_sweep(const SweepOptions& options, const comm::Session& session, comm::Watchdog& watchdog,
                       const Log& log);

}  // namespace titrate::sweep
