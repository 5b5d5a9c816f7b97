// The run of a plan's jobs on the ranks of the world.
//
// A dispatcher thread on rank 0 hands jobs to groups as they become free. Each group's leader writes finished
// records into its own journal file, then sends them to rank 0, where a monitor keeps the live line and
// RUN/status.json up to date.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "titrate/comm/placement.hpp"
#include "titrate/comm/watchdog.hpp"
#include "titrate/core/log.hpp"
#include "titrate/dispatch/jobs.hpp"
#include "titrate/dispatch/plan.hpp"

namespace titrate::dispatch {

// What stays as it is while jobs run.
struct RunInfo {
  std::string title{};       // of the live line: "sweep"
  std::string noun = "job";  // what messages call a job: "trial"
  std::filesystem::path run_folder{};
  std::string study{};  // its name
  std::uint32_t attempt = 1;
  std::vector<comm::Placement> ranks{};
  std::vector<int> working_ranks{};
  std::size_t jobs = 0;  // of the study; those that are not in the plan were finished before
  bool quiet = false;    // no live line
};

// References must outlive the run.
struct RunContext {
  const comm::Communicator& world;
  comm::Watchdog& watchdog;
  const Log& log;
};

// Runs the jobs of `plan`, which rank 0 has whole and the others by its groups alone; `group` is this rank's
// wide group, if any. Returns when every job has been collected or, where the watchdog was asked to stop,
// when every running one has stopped. Collective over the world. Throws Error.
void run_jobs(const RunContext& context, const RunInfo& info, const Plan& plan,
              std::optional<WorkGroup> group, Jobs& jobs);

}  // namespace titrate::dispatch
