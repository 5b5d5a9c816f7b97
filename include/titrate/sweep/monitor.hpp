// What comes in on rank 0 while a sweep runs: the records, and the live line that is made of them.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "titrate/core/log.hpp"
#include "titrate/core/progress.hpp"
#include "titrate/sweep/record.hpp"

namespace titrate::sweep {

struct WorkItem {
  std::string trial{};
  double cost = 0;  // in any unit
};

// Used by one thread at a time.
class Monitor {
 public:
  Monitor(const std::vector<WorkItem>& work, int groups, const ProgressStyle& style, const Log& log);

  // One finished trial's record. Each reason of a failure is told once.
  void take(const std::string& record_json);

  // Brings the live line up to date: trials, failures, images per second, time left by the cost of what is
  // left.
  void show();

  const std::vector<TrialRecord>& records() const { return records_; }

 private:
  Log log_;
  Progress progress_;
  std::map<std::string, double> cost_of_;
  std::vector<TrialRecord> records_;
  std::set<std::string> reasons_;
  std::size_t total_, groups_, failed_ = 0;
  double cost_left_ = 0, cost_done_ = 0, images_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace titrate::sweep
