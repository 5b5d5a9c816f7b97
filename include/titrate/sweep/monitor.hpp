// What rank 0 knows of a sweep while it runs: the records that come in, what each group does, and what is
// made of them: the live line and RUN/status.json.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "titrate/comm/placement.hpp"
#include "titrate/core/log.hpp"
#include "titrate/core/progress.hpp"
#include "titrate/study/record.hpp"
#include "titrate/study/status.hpp"
#include "titrate/study/study.hpp"
#include "titrate/sweep/plan.hpp"

namespace titrate::sweep {

// What does not change while it runs.
struct SweepScene {
  std::filesystem::path run_folder{};
  std::string study{};  // its name
  std::uint32_t attempt = 1;
  std::vector<comm::Placement> ranks{};
  std::vector<int> working_ranks{};
  std::size_t trials = 0;  // of the grid
};

// Used by one thread at a time.
class Monitor {
 public:
  Monitor(const SweepScene& scene, const Plan& plan, const std::vector<study::Trial>& trials,
          const ProgressStyle& style, const Log& log);

  // One finished trial's record. Each reason of a failure is told once.
  void take(const std::string& record_json);
  // A group's leader says what it does.
  void hear(int leader, const std::string& activity_json);
  // The group has no more to do; a wide one's ranks are single from now on.
  void end_group(int leader, int width);

  // Brings the live line and, every other second, the status file up to date. Cheap when called often. A
  // status that cannot be written is told of once.
  void show();
  // The last status: that all is done, or that the run was stopped.
  void finish(bool stopped);

  std::vector<study::TrialRecord> take_records() { return std::move(records_); }

 private:
  using Clock = std::chrono::steady_clock;

  struct Member {
    study::GroupStatus status;
    double resumed_at = 0;  // the share of its trial that an earlier run did
    Clock::time_point heard = Clock::now();
  };
  struct Forecast {
    double images_per_second = 0;
    std::optional<double> seconds_left{};
  };

  double elapsed() const;
  double progress_of(const Member& worker) const;  // share of its trial's steps
  Forecast forecast(double elapsed_seconds) const;
  std::string line() const;
  study::SweepStatus status(const std::string& state) const;
  void draw();
  void write_status(const std::string& state);

  SweepScene scene_;
  std::map<std::string, PlannedTrial> planned_;
  std::map<std::string, const study::Trial*> trials_;
  std::map<int, Member> workers_;  // by leader
  Log log_;
  Progress progress_;
  std::vector<study::TrialRecord> records_;
  std::vector<study::FailureStatus> failures_;  // the first of them
  std::size_t failed_ = 0, drawn_records_ = 0;
  std::set<std::string> reasons_;
  double rank_seconds_left_ = 0, rank_seconds_done_ = 0, images_ = 0;  // by the plan
  bool status_failed_ = false;
  Clock::time_point start_ = Clock::now(), drawn_{}, written_{};
};

}  // namespace titrate::sweep
