// The journal's writer: every rank that leads a group has one, with a file of its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "titrate/core/json_lines.hpp"

namespace titrate::dispatch {

class JournalWriter {
 public:
  JournalWriter(const std::filesystem::path& run_folder, std::uint32_t attempt, int world_rank);

  // Durable when it returns; the first one makes the file. Throws Error (io).
  void append(const std::string& record_json);

 private:
  std::filesystem::path path_;
  std::optional<JsonLinesWriter> lines_;
};

}  // namespace titrate::dispatch
