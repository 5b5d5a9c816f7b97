#include "titrate/dispatch/attempt.hpp"

#include <unistd.h>

#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/host.hpp"

namespace titrate::dispatch {
namespace {

// 0 where the file is missing or damaged.
std::uint32_t number_in(const std::filesystem::path& run_folder) {
  try {
    const std::optional<study::AttemptRecord> last = study::read_attempt(run_folder);
    return last ? last->number : 0;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::integrity) throw;
    return 0;
  }
}

}  // namespace

Attempt::Attempt(std::filesystem::path run_folder, std::uint32_t number)
    : file_(study::attempt_file(run_folder)),
      record_{.number = number, .host = host_name(), .pid = ::getpid()} {
  end(study::RunState::running);
}

Attempt::~Attempt() {
  if (record_.state == study::RunState::running) fail("");
}

void Attempt::fail(const std::string& reason) noexcept {
  try {
    record_.state = study::RunState::failed;
    record_.reason = reason;
    // Not synced: the disk may be what failed, and the watchdog ends the job in a moment.
    if (!is_overtaken()) replace_file(file_, study::to_json(record_));
  } catch (const std::exception&) {
    // The file still says "running": the next start reports that this run left no word of its end.
  }
}

void Attempt::require_current() const {
  const std::uint32_t last = number_in(file_.parent_path());
  if (last <= record_.number) return;
  throw Error({.code = ErrorCode::in_use,
               .where = file_.parent_path().string(),
               .what = "attempt " + std::to_string(last) + " took over while this one, " +
                       std::to_string(record_.number) + ", was thought dead"});
}

void Attempt::end(study::RunState state, const std::string& reason) {
  record_.state = state;
  record_.reason = reason;
  if (!is_overtaken()) write_file(file_, std::string_view(study::to_json(record_)));
}

bool Attempt::is_overtaken() const { return number_in(file_.parent_path()) > record_.number; }

}  // namespace titrate::dispatch
