// The journal: the append-only record of finished trials, and the truth that every table and picture is
// derived from.
//
// journal/attempt-0001-rank-00000.jsonl: one file per attempt and group leader, so nobody ever writes to
// another's file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "titrate/study/record.hpp"
#include "titrate/study/study.hpp"

namespace titrate::study {

// The journal's file of one attempt and group leader.
std::filesystem::path journal_file(const std::filesystem::path& run_folder, std::uint32_t attempt,
                                   int world_rank);

// One record per trial, sorted by trial id. Of a trial's records the best status counts (done, diverged,
// failed), then the earliest attempt. Throws Error (integrity) where two results of one trial in one numerics
// class differ.
std::vector<TrialRecord> unite(std::vector<TrialRecord> records);

// The records of these trials, by trial id; of a trial with several the first. Pointers into `records`.
std::vector<const TrialRecord*> present_records(std::span<const Trial> grid,
                                                const std::vector<TrialRecord>& records);

// The record of the trial with this id, or of the one whose id begins so. Throws Error (usage) where there is
// none, or more than one.
const TrialRecord& find_trial(const std::vector<TrialRecord>& records, const std::string& id);

struct Journal {
  std::vector<TrialRecord> records{};
  std::vector<std::string> warnings{};  // damaged lines
  std::uint32_t last_attempt = 0;
};

// The united records of every attempt.
Journal read_journal(const std::filesystem::path& run_folder);

}  // namespace titrate::study
