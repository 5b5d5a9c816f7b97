// The run folder as rank 0 holds it: locked, with the results of earlier runs.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "titrate/core/file.hpp"
#include "titrate/core/log.hpp"
#include "titrate/dispatch/attempt.hpp"
#include "titrate/study/record.hpp"
#include "titrate/study/study.hpp"

namespace titrate::sweep {

struct RunFolder {
  std::unique_ptr<FolderLock> lock{};
  std::unique_ptr<dispatch::Attempt> attempt{};  // this run's; after the lock, under which it ends
  std::optional<study::Study> earlier_study{};
  std::vector<study::TrialRecord> records{};  // of all attempts
};

// Makes what is missing of the folder, locks it, reads its journal and begins an attempt. Warns of an earlier
// run that was killed. Throws Error: in_use where another run holds it, usage where it has a study that no
// run wrote, io.
RunFolder open_run_folder(const std::filesystem::path& out, const Log& log);

// Writes the study as run into the folder, and logs how it differs from the one before.
void publish_study(const std::filesystem::path& out, const study::Study& study, const RunFolder& folder,
                   const Log& log);

}  // namespace titrate::sweep
