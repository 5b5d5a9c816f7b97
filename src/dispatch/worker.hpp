// One rank's share of a run: in a wide group first, where the plan has it in one, then alone.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "dispatcher.hpp"
#include "titrate/core/json_lines.hpp"
#include "titrate/dispatch/run_jobs.hpp"

namespace titrate::dispatch {

// Used by one thread. What is passed in must outlive it.
class Worker {
 public:
  Worker(const RunContext& context, const comm::Communicator& channel, const RunInfo& info, Jobs& jobs);

  // Asks for jobs until there are none; each record goes into the journal, then to rank 0. The wide group, if
  // any, is gone when its work is. A job that is stopped on request has no record: its checkpoint is in the
  // run folder.
  void run(std::optional<WorkGroup> group);

 private:
  class Observer;

  void work_off(WorkGroup& group);
  std::vector<std::string> next_jobs(const WorkGroup& group);
  void run_one(const std::string& id, WorkGroup& group);
  void append(const std::string& record);           // to the journal
  void tell(const study::TrialProgress& progress);  // not too often

  const RunContext& context_;
  const RunInfo& info_;
  Jobs& jobs_;
  int world_rank_;
  DispatchClient client_;
  std::optional<JsonLinesWriter> journal_;  // of this rank, from its first record on
  std::chrono::steady_clock::time_point told_ = std::chrono::steady_clock::now();
};

}  // namespace titrate::dispatch
