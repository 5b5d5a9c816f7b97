#include "titrate/sweep/monitor.hpp"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/host.hpp"
#include "titrate/core/text.hpp"
#include "titrate/sweep/check.hpp"

namespace titrate::sweep {
namespace {

constexpr auto kLineInterval = std::chrono::milliseconds(100),
               kStatusInterval = std::chrono::milliseconds(2000);
constexpr std::size_t kMostFailures = 50;  // in the status; the journal has all

double rank_seconds(const PlannedTrial& trial) { return seconds_at(trial, trial.width) * trial.width; }

std::vector<study::RankStatus> ranks_of(const std::vector<comm::Placement>& placements) {
  std::vector<study::RankStatus> ranks;
  for (const comm::Placement& rank : placements) {
    ranks.push_back({.world_rank = rank.world_rank,
                     .node = rank.node,
                     .node_rank = rank.node_rank,
                     .host = rank.host,
                     .device = std::string(comm::to_string(rank.device.kind)),
                     .device_index = rank.device.index,
                     .device_name = rank.device.name,
                     .pci_id = rank.device.pci_id,
                     .sharing = rank.sharing,
                     .processors = rank.threads});
  }
  return ranks;
}

}  // namespace

Monitor::Monitor(const SweepScene& scene, const Plan& plan, const std::vector<study::Trial>& trials,
                 const ProgressStyle& style, const Log& log)
    : scene_(scene), log_(log), progress_("sweep", style) {
  for (const PlannedTrial& trial : plan.trials) {
    planned_[trial.trial] = trial;
    rank_seconds_left_ += rank_seconds(trial);
  }
  for (const study::Trial& trial : trials) {
    if (planned_.contains(trial.id)) trials_[trial.id] = &trial;
  }
  std::set<int> grouped;
  for (const std::vector<int>& ranks : plan.groups) {
    workers_[ranks.front()].status.ranks = ranks;
    grouped.insert(ranks.begin(), ranks.end());
  }
  for (const int rank : scene.working_ranks) {
    if (!grouped.contains(rank)) workers_[rank].status.ranks = {rank};
  }
  show();
}

void Monitor::take(const std::string& record_json) {
  study::TrialRecord record = study::parse_record(record_json, "message");
  const double cost = rank_seconds(planned_[record.trial]);
  Member& worker = workers_[record.timing.world_rank];
  const double here = 1 - std::exchange(worker.resumed_at, 0);  // what of it was not done by an earlier run
  rank_seconds_left_ -= cost;
  if (record.status != study::Status::failed) {
    rank_seconds_done_ += here * cost;
    images_ += here * static_cast<double>(record.outcome.train_images * record.outcome.epochs.size());
  }
  worker.heard = Clock::now();
  worker.status.activity.reset();
  ++worker.status.finished;
  if (record.status == study::Status::failed) {
    ++failed_;
    if (failures_.size() < kMostFailures)
      failures_.push_back(
          {record.trial, describe_trial(record.settings), record.reason, record.timing.world_rank});
    if (reasons_.insert(record.reason).second) {
      progress_.clear();
      log_.warn("trial " + record.trial + " failed on rank " + std::to_string(record.timing.world_rank) +
                ": " + record.reason);
    }
  }
  records_.push_back(std::move(record));
  show();
}

void Monitor::hear(int leader, const std::string& activity_json) {
  Member& worker = workers_[leader];
  worker.heard = Clock::now();
  study::TrialProgress activity = study::parse_activity(activity_json);
  const auto share = [&](std::uint64_t step) {
    return static_cast<double>(step) / static_cast<double>(std::max<std::uint64_t>(1, activity.total_steps));
  };
  if (!worker.status.activity || worker.status.activity->trial != activity.trial)
    worker.resumed_at = share(activity.first_step);
  worker.status.activity = std::move(activity);
}

void Monitor::end_group(int leader, int width) {
  Member& worker = workers_[leader];
  worker.heard = Clock::now();
  worker.status.activity.reset();
  if (width == 1) {
    worker.status.working = false;
    return;
  }
  const std::vector<int> members = worker.status.ranks;
  for (const int rank : members) workers_[rank].status.ranks = {rank};
}

double Monitor::elapsed() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

double Monitor::progress_of(const Member& worker) const {
  const auto& activity = worker.status.activity;
  if (!activity || activity->total_steps == 0) return 0;
  return static_cast<double>(activity->step) / static_cast<double>(activity->total_steps);
}

// What is left is done as fast as what this run did was: by all ranks, or by those that have the longest to
// go.
Monitor::Forecast Monitor::forecast(double elapsed_seconds) const {
  double done = rank_seconds_done_, left = rank_seconds_left_, longest = 0, images = images_, ranks = 0;
  for (const auto& [leader, worker] : workers_) {
    ranks += static_cast<double>(worker.status.ranks.size());
    if (!worker.status.activity) continue;
    const auto trial = planned_.find(worker.status.activity->trial);
    if (trial == planned_.end()) continue;
    const double share = progress_of(worker), here = share - worker.resumed_at;
    const study::TrialProgress& activity = *worker.status.activity;
    done += here * rank_seconds(trial->second);
    left -= share * rank_seconds(trial->second);
    images += here *
              static_cast<double>(activity.total_steps * trials_.at(trial->first)->settings.train.batch_size);
    longest = std::max(longest, (1 - share) * seconds_at(trial->second, trial->second.width));
  }
  if (done <= 0 || elapsed_seconds <= 0) return {};
  const double speed = done / elapsed_seconds;  // rank-seconds of the plan in a second
  return {.images_per_second = images / elapsed_seconds,
          .seconds_left = std::max(left, longest * ranks) / speed};
}

std::string Monitor::line() const {
  const Forecast ahead = forecast(elapsed());
  const auto running = static_cast<std::size_t>(
      std::count_if(workers_.begin(), workers_.end(), [](const auto& w) { return w.second.status.working; }));
  std::string text = std::to_string(std::min(running, planned_.size() - records_.size())) + " running";
  if (failed_ > 0) text += ", " + std::to_string(failed_) + " failed";
  if (ahead.seconds_left) {
    text += ", " + with_commas(static_cast<unsigned long long>(ahead.images_per_second)) + " images/s, " +
            rough_duration(*ahead.seconds_left) + " left";
  }
  return text;
}

void Monitor::draw() {
  drawn_ = Clock::now();
  drawn_records_ = records_.size();
  progress_.update(static_cast<double>(records_.size()), static_cast<double>(planned_.size()), line());
}

void Monitor::show() {
  if (Clock::now() - drawn_ >= kLineInterval) draw();
  if (Clock::now() - written_ >= kStatusInterval) write_status("running");
}

void Monitor::finish(bool stopped) {
  if (drawn_records_ < records_.size()) draw();
  write_status(stopped && records_.size() < planned_.size() ? "stopped" : "finished");
}

study::SweepStatus Monitor::status(const std::string& state) const {
  const double elapsed_seconds = elapsed();
  const Forecast ahead = forecast(elapsed_seconds);
  study::SweepStatus status{.state = state,
                            .study = scene_.study,
                            .host = host_name(),
                            .pid = ::getpid(),
                            .attempt = scene_.attempt,
                            .updated = std::time(nullptr),
                            .elapsed_seconds = elapsed_seconds,
                            .trials = scene_.trials,
                            .before = scene_.trials - planned_.size(),
                            .done = records_.size() - failed_,
                            .failed = failed_,
                            .images_per_second = ahead.images_per_second,
                            .seconds_left = ahead.seconds_left,
                            .ranks = ranks_of(scene_.ranks),
                            .failures = failures_};
  for (const auto& [leader, worker] : workers_) {
    study::GroupStatus group = worker.status;
    group.seconds = std::chrono::duration<double>(Clock::now() - worker.heard).count();
    const auto trial = group.activity ? trials_.find(group.activity->trial) : trials_.end();
    if (trial != trials_.end()) group.settings = describe_trial(trial->second->settings);
    status.groups.push_back(std::move(group));
  }
  return status;
}

// The sweep goes on without it.
void Monitor::write_status(const std::string& state) {
  written_ = Clock::now();
  try {
    replace_file(study::status_file(scene_.run_folder), to_json(status(state)));
  } catch (const std::exception& error) {
    if (!status_failed_) log_.warn(std::string("titrate status will be out of date: ") + error.what());
    status_failed_ = true;
  }
}

}  // namespace titrate::sweep
