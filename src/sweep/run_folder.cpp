#include "titrate/sweep/run_folder.hpp"

#include "titrate/core/error.hpp"
#include "titrate/sweep/journal.hpp"

namespace titrate::sweep {
namespace {

// A dying run holds the folder for a moment after its mpirun is gone.
constexpr double kLockWaitSeconds = 10.0;

}  // namespace

RunFolder open_run_folder(const std::filesystem::path& out, const Log& log) {
  RunFolder folder;
  for (const char* name : {"journal", "predictions", "weights"}) make_folder(out / name);
  folder.lock = std::make_unique<FolderLock>(out, kLockWaitSeconds);
  std::error_code absent;
  if (std::filesystem::exists(out / "study.toml", absent)) {
    folder.earlier_study = read_study(out / "study.toml");
    if (folder.earlier_study->fingerprint.empty()) {
      throw Error({.code = ErrorCode::usage,
                   .where = (out / "study.toml").string(),
                   .what = "this study was written by hand, and a run would overwrite it",
                   .hint = "give --out another folder"});
    }
  }
  Journal journal = read_journal(out);
  for (const std::string& warning : journal.warnings) log.warn(warning);
  folder.attempt = journal.last_attempt + 1;
  folder.records = std::move(journal.records);
  return folder;
}

void publish_study(const std::filesystem::path& out, const Study& study, const RunFolder& folder,
                   const Log& log) {
  if (folder.earlier_study) {
    for (const std::string& line : differences(*folder.earlier_study, study))
      log.info("study changed: " + line);
  }
  write_file(out / "study.toml", std::string_view(to_toml(study)));
}

}  // namespace titrate::sweep
