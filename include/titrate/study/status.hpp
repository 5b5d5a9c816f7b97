// What a running sweep tells of itself: RUN/status.json, which rank 0 replaces every second or two and
// `titrate status` reads from any other shell.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "titrate/study/attempt.hpp"

namespace titrate::study {

// A trial under way.
struct TrialProgress {
  std::string trial{};
  std::uint64_t step = 0, total_steps = 0;
  std::uint64_t first_step = 0;                           // of this run: earlier ones did those before
  std::uint32_t epochs = 0;                               // done
  std::optional<double> train_loss{}, validation_loss{};  // of the last of them
};

// What a group's leader sends to rank 0, as JSON.
std::string to_json(const TrialProgress& activity);
TrialProgress parse_activity(const std::string& text);

struct GroupStatus {
  std::vector<int> ranks{};                 // world ranks, the leader first
  bool working = true;                      // false: there is no more for it
  std::size_t finished = 0;                 // trials
  std::optional<TrialProgress> activity{};  // none: between trials, or too short to be told of
  std::string settings{};                   // of that trial, as describe_trial() gives them
  double seconds = 0;                       // since it was last heard of
};

struct FailureStatus {
  std::string trial{}, settings{}, reason{};
  int world_rank = 0;
};

// Where a rank sits.
struct RankStatus {
  int world_rank = 0, node = 0, node_rank = 0;
  std::string host{};
  std::string device{};  // "cpu", "cuda"
  int device_index = 0;
  std::string device_name{}, pci_id{};
  int sharing = 0;          // which of the ranks on its device this is, from 0
  unsigned processors = 1;  // that the rank may run on
};

struct SweepStatus {
  RunState state = RunState::running;
  std::string study{};
  std::string host{};  // of rank 0
  int pid = 0;
  std::uint32_t attempt = 1;
  std::int64_t updated = 0;    // seconds since 1970
  double elapsed_seconds = 0;  // since training began
  std::size_t trials = 0;      // of the grid
  std::size_t before = 0;      // finished in earlier runs
  std::size_t done = 0, failed = 0;
  double images_per_second = 0;
  std::optional<double> seconds_left{};
  std::vector<RankStatus> ranks{};
  std::vector<GroupStatus> groups{};
  std::vector<FailureStatus> failures{};
};

std::string to_json(const SweepStatus& status);

// Throws Error: usage for a status of another version, integrity for text that is none.
SweepStatus parse_status(const std::string& text, const std::string& where);

std::filesystem::path status_file(const std::filesystem::path& run_folder);

}  // namespace titrate::study
