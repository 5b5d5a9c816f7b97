// What a sweep is doing, as text for a terminal.
#pragma once

#include <optional>
#include <string>

#include "titrate/core/file.hpp"
#include "titrate/study/status.hpp"

namespace titrate::report {

// What can be seen of a run folder from outside.
struct RunView {
  std::optional<study::SweepStatus> status{};  // none: it trained nothing yet, or not since this version
  std::optional<FolderHolder> holder{};
  std::size_t trials = 0, finished = 0, failed = 0;  // by the journal, where there is no status
  double seconds_since_update = 0;
  std::string end_reason{};  // of the last run, where it could say one
};

study::RunState state_of(const RunView& view);

// Some lines: how far it is and how fast, what each group does, and what failed.
std::string status_text(const RunView& view);

// The same for programs: the status file's object with "state" as state_of() says and
// "seconds_since_update".
std::string status_json(const RunView& view);

}  // namespace titrate::report
