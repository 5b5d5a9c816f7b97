#include "run_folder.hpp"

#include <algorithm>

#include "titrate/core/error.hpp"
#include "titrate/study/journal.hpp"

namespace titrate::sweep {
namespace {

// A dying run holds the folder for a moment after its mpirun is gone.
constexpr double kLockWaitSeconds = 10.0;

// The number of the last attempt; 0 where its file is missing or damaged.
std::uint32_t last_attempt(const std::filesystem::path& out, const Log& log) {
  try {
    const std::optional<study::AttemptRecord> last = study::read_attempt(out);
    if (!last) return 0;
    if (last->state == study::RunState::running) {
      log.warn("attempt " + std::to_string(last->number) + ", process " + std::to_string(last->pid) + " on " +
               last->host + ", left no word of its end: killed, or out of memory? a full disk?");
    }
    if (last->state == study::RunState::failed && !last->reason.empty())
      log.warn("attempt " + std::to_string(last->number) + " ended: " + last->reason);
    return last->number;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::integrity) throw;
    log.warn(error.what());
    return 0;
  }
}

}  // namespace

RunFolder open_run_folder(const std::filesystem::path& out, const Log& log) {
  RunFolder folder;
  for (const char* name : {"journal", "predictions", "weights"}) make_folder(out / name);
  folder.lock = std::make_unique<FolderLock>(out, kLockWaitSeconds);
  for (const char* name : {"", "predictions", "weights", "checkpoints"}) remove_half_written(out / name);
  std::error_code absent;
  if (std::filesystem::exists(out / "study.toml", absent)) {
    folder.earlier_study = study::read_study(out / "study.toml");
    if (folder.earlier_study->fingerprint.empty()) {
      throw Error({.code = ErrorCode::usage,
                   .where = (out / "study.toml").string(),
                   .what = "this study was written by hand, and a run would overwrite it",
                   .hint = "give --out another folder"});
    }
  }
  study::Journal journal = study::read_journal(out);
  for (const std::string& warning : journal.warnings) log.warn(warning);
  folder.records = std::move(journal.records);
  folder.attempt =
      std::make_unique<dispatch::Attempt>(out, std::max(journal.last_attempt, last_attempt(out, log)) + 1);
  return folder;
}

void publish_study(const std::filesystem::path& out, const study::Study& study, const RunFolder& folder,
                   const Log& log) {
  if (folder.earlier_study) {
    for (const std::string& line : differences(*folder.earlier_study, study))
      log.info("study changed: " + line);
  }
  write_file(out / "study.toml", std::string_view(to_toml(study)));
}

}  // namespace titrate::sweep
