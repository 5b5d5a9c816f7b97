// One rank's share of a run: in a wide group first, where the plan has it in one, then alone.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "dispatcher.hpp"
#include "journal_writer.hpp"
#include "titrate/dispatch/run_jobs.hpp"

namespace titrate::dispatch {

// Used by one thread. What is passed in must outlive it.
class Worker {
 public:
  Worker(const Crew& crew, const comm::Communicator& channel, const RunScene& scene, Jobs& jobs);

  // Asks for jobs until there are none; each record goes into the journal, then to rank 0. The wide group, if
  // any, is gone when its work is. A job that is stopped on request has no record: its checkpoint is in the
  // run folder.
  void run(std::optional<WorkGroup> group);

 private:
  class Observer;

  void work_off(WorkGroup& group);
  std::vector<std::string> next_jobs(const WorkGroup& group);
  void run_one(const std::string& id, WorkGroup& group);
  void tell(const study::TrialProgress& progress);  // not too often

  const Crew& crew_;
  comm::Device device_;
  Jobs& jobs_;
  DispatchClient client_;
  JournalWriter journal_;
  std::chrono::steady_clock::time_point told_ = std::chrono::steady_clock::now();
};

}  // namespace titrate::dispatch
