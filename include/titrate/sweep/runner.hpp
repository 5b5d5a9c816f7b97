// A sweep from its study to its records: everything that happens under MPI.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "titrate/comm/device.hpp"
#include "titrate/comm/session.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/log.hpp"
#include "titrate/sweep/record.hpp"
#include "titrate/sweep/study.hpp"

namespace titrate::sweep {

struct SweepOptions {
  std::filesystem::path study{};
  std::filesystem::path out{};  // the run folder
  StudyOverrides overrides{};
  int width = 1;  // ranks that train a trial together
  comm::DeviceKind device = comm::DeviceKind::automatic;
  bool quiet = false;
};

// On rank 0: the study as run and the records of its whole grid, of earlier attempts too. Empty on other
// ranks.
struct SweepOutcome {
  std::unique_ptr<FolderLock> lock{};  // of the run folder: keep it until the report is written
  Study study{};
  std::vector<TrialRecord> records{};
  std::size_t failed = 0;  // of the present grid
};

// Collective over the session's world. Runs what the journal lacks. Throws Error, the same on every rank
// before training starts.
SweepOutcome run_sweep(const SweepOptions& options, const comm::Session& session, const Log& log);

// One trial on this rank's group: whatever goes wrong in it is in the record, unless the group has several
// ranks, which cannot go on without each other.
TrialRecord run_trial(const Trial& trial, const data::Dataset& dataset, const train::Group& group,
                      const train::EngineLibrary& engines);

}  // namespace titrate::sweep
