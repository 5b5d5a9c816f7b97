// Rank 0's hold on a run folder, and what earlier runs left in it.
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

// Makes what is missing of the folder, locks it, reads its journal and begins an attempt. Tells of an earlier
// run that ended without a word. Throws Error: in_use where another run holds it, usage where it holds a
// study that no run wrote, io.
RunFolder open_run_folder(const std::filesystem::path& out, const Log& log);

// The study as run goes into the folder, and its difference from the one before to the person.
void publish_study(const std::filesystem::path& out, const study::Study& study, const RunFolder& folder,
                   const Log& log);

}  // namespace titrate::sweep
