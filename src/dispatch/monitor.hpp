// What rank 0 knows of a run: how many jobs have finished, what each group does. It draws the live line and
// writes RUN/status.json.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "titrate/core/progress.hpp"
#include "titrate/dispatch/run_jobs.hpp"
#include "titrate/study/status.hpp"

namespace titrate::dispatch {

// Used by one thread at a time.
class Monitor {
 public:
  // `jobs` must outlive it.
  Monitor(const RunInfo& info, const Plan& plan, Jobs& jobs, const Log& log);

  // A group has finished a job; `record` as Jobs::collect() takes it. Each reason of a failure is told once.
  void take(int leader, const std::string& id, const std::optional<std::string>& record);
  // A group's leader reports progress.
  void hear(int leader, const std::string& progress_json);
  // The group has no more to do; a wide one's ranks are single from now on.
  void end_group(int leader, int width);

  // Brings the live line and, every other second, the status file up to date. Cheap when called often. A
  // status that cannot be written is told of once.
  void show();
  // The last status: that all is done, or that the run was stopped.
  void finish(bool stopped);

  int working_ranks() const;

 private:
  using Clock = std::chrono::steady_clock;

  struct Member {
    study::GroupStatus status;
    Clock::time_point heard = Clock::now();
  };
  struct Forecast {
    double images_per_second = 0;
    std::optional<double> seconds_left{};
  };

  double elapsed() const;
  double images_since(std::uint64_t first_step, std::uint64_t step, const std::string& id) const;
  void note_failure(int leader, const std::string& id, const std::string& reason);
  Forecast forecast(double elapsed_seconds) const;
  std::string line() const;
  study::SweepStatus status(study::RunState state) const;
  void draw();
  void write_status(study::RunState state);

  RunInfo info_;
  Jobs& jobs_;
  std::map<std::string, PlannedJob> planned_;
  std::map<int, Member> groups_;  // by leader
  Log log_;
  Progress progress_;
  std::vector<study::FailureStatus> failures_;         // the first of them
  std::size_t finished_ = 0, failed_ = 0, drawn_ = 0;  // jobs; drawn_: those in the live line
  std::set<std::string> reasons_;
  double rank_seconds_left_ = 0, rank_seconds_done_ = 0, images_ = 0;  // by the plan
  bool status_failed_ = false;
  Clock::time_point start_ = Clock::now(), drawn_at_{}, written_at_{};
};

}  // namespace titrate::dispatch
