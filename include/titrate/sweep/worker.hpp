// One rank's share of a sweep: in a wide group first, where the plan has it in one, then alone.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "titrate/comm/watchdog.hpp"
#include "titrate/core/log.hpp"
#include "titrate/sweep/dispatcher.hpp"
#include "titrate/sweep/journal_writer.hpp"
#include "titrate/sweep/run_trial.hpp"
#include "titrate/sweep/work_group.hpp"

namespace titrate::sweep {

// Used by one thread. What is passed in must outlive it.
class Worker {
 public:
  // `trials`: all that may be asked for.
  Worker(const Workplace& workplace, const std::vector<study::Trial>& trials, const comm::Device& device,
         comm::Watchdog& watchdog, const Log& log);

  // Asks for trials until there are none; each record goes into the journal, then to rank 0. The wide group,
  // if any, is gone when its work is. A trial that is stopped on request has no record: its checkpoint is in
  // the run folder.
  void run(const comm::Communicator& channel, std::uint32_t attempt, std::optional<WorkGroup> group);

 private:
  class Observer;

  void work_off(const DispatchClient& client, WorkGroup* group);
  std::vector<std::string> next_trials(const DispatchClient& client, WorkGroup* group);
  void run_one(const std::string& id, const DispatchClient& client, WorkGroup* group);
  void keep(const study::TrialRecord& record, const DispatchClient& client);
  void tell(const DispatchClient& client, const study::TrialProgress& activity);  // not too often

  Workplace workplace_;
  std::map<std::string, const study::Trial*> trials_;
  comm::Device device_;
  comm::Watchdog& watchdog_;
  const Log& log_;
  std::optional<sweep::JournalWriter> journal_;
  int world_rank_ = 0;
  std::chrono::steady_clock::time_point told_ = std::chrono::steady_clock::now();
};

}  // namespace titrate::sweep
