// RUN/attempt.json: which attempt the last run of a sweep was, and how it ended.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace titrate::study {

struct AttemptRecord {
  std::uint32_t number = 0;  // from 1
  std::string host{};        // of rank 0
  long pid = 0;              // likewise
  std::string state{};       // running, finished, stopped, failed
  std::string reason{};      // of failed, where it is known
};

// Nothing where there is none. Throws Error: integrity for a file that is damaged, io.
std::optional<AttemptRecord> read_attempt(const std::filesystem::path& run_folder);

std::filesystem::path attempt_file(const std::filesystem::path& run_folder);

std::string to_json(const AttemptRecord& record);

}  // namespace titrate::study
