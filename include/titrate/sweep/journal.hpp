// The journal: the append-only record of finished trials, and the truth that every table and picture is
// derived from.
//
// journal/attempt-0001-rank-00000.jsonl: one file per attempt and group leader, so nobody ever writes to
// another's file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "titrate/core/json_lines.hpp"
#include "titrate/sweep/record.hpp"

namespace titrate::sweep {

class JournalWriter {
 public:
  JournalWriter(const std::filesystem::path& run_folder, std::uint32_t attempt, int world_rank);

  // Durable when it returns; the first one makes the file. Throws Error (io).
  void append(const std::string& record_json);

 private:
  std::filesystem::path path_;
  std::optional<JsonLinesWriter> lines_;
};

// One record per trial, sorted by trial id. Of a trial's records the best status counts (done, diverged,
// failed), then the earliest attempt. Throws Error (integrity) where two results of one trial in one numerics
// class differ.
std::vector<TrialRecord> unite(std::vector<TrialRecord> records);

struct Journal {
  std::vector<TrialRecord> records{};
  std::vector<std::string> warnings{};  // damaged lines
  std::uint32_t last_attempt = 0;
};

// The united records of every attempt.
Journal read_journal(const std::filesystem::path& run_folder);

}  // namespace titrate::sweep
