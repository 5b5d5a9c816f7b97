// RUN/attempt.json: which attempt the last run of a sweep was, and how it ended.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "titrate/core/choice.hpp"

namespace titrate::study {

// Of a run. Its files say the first four; who looks at them from outside finds the others: it has not written
// yet, its process lives but tells nothing, its process is gone.
enum class RunState { running, finished, stopped, failed, starting, silent, ended };
constexpr auto choices(RunState) {
  return choice_table<RunState>({{RunState::running, "running"},
                                 {RunState::finished, "finished"},
                                 {RunState::stopped, "stopped"},
                                 {RunState::failed, "failed"},
                                 {RunState::starting, "starting"},
                                 {RunState::silent, "silent"},
                                 {RunState::ended, "ended"}});
}

struct AttemptRecord {
  std::uint32_t number = 0;  // from 1
  std::string host{};        // of rank 0
  long pid = 0;              // likewise
  RunState state = RunState::running;
  std::string reason{};  // of failed, where it is known
};

// Nothing where there is none. Throws Error: integrity for a file that is damaged, io.
std::optional<AttemptRecord> read_attempt(const std::filesystem::path& run_folder);

std::filesystem::path attempt_file(const std::filesystem::path& run_folder);

std::string to_json(const AttemptRecord& record);

}  // namespace titrate::study
