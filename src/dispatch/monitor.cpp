#include "monitor.hpp"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "titrate/comm/rank.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/host.hpp"
#include "titrate/core/text.hpp"

namespace titrate::dispatch {
namespace {

constexpr auto kLineInterval = std::chrono::milliseconds(100),
               kStatusInterval = std::chrono::milliseconds(2000);
constexpr std::size_t kMostFailures = 50;  // in the status; the journal has all

double rank_seconds(const PlannedJob& job) { return seconds_at(job, job.width) * job.width; }

// The share of the job's steps that come before this one.
double share_of(std::uint64_t step, const study::TrialProgress& progress) {
  return static_cast<double>(step) / static_cast<double>(std::max<std::uint64_t>(1, progress.total_steps));
}

std::vector<study::RankStatus> ranks_of(const std::vector<comm::Placement>& placements) {
  std::vector<study::RankStatus> ranks;
  for (const comm::Placement& rank : placements) {
    ranks.push_back({.world_rank = rank.world_rank,
                     .node = rank.node,
                     .node_rank = rank.node_rank,
                     .host = rank.host,
                     .device = choice_name(rank.device.kind),
                     .device_index = rank.device.index,
                     .device_name = rank.device.name,
                     .pci_id = rank.device.pci_id,
                     .sharing = rank.sharing,
                     .processors = rank.threads});
  }
  return ranks;
}

}  // namespace

Monitor::Monitor(const RunInfo& info, const Plan& plan, Jobs& jobs, const Log& log)
    : info_(info), jobs_(jobs), log_(log), progress_(info.title, progress_style(info.quiet)) {
  for (const PlannedJob& job : plan.jobs) {
    planned_[job.id] = job;
    rank_seconds_left_ += rank_seconds(job);
  }
  std::set<int> grouped;
  for (const std::vector<int>& ranks : plan.groups) {
    groups_[ranks.front()].status.ranks = ranks;
    grouped.insert(ranks.begin(), ranks.end());
  }
  for (const int rank : info.working_ranks) {
    if (!grouped.contains(rank)) groups_[rank].status.ranks = {rank};
  }
  show();
}

int Monitor::working_ranks() const { return comm::ranks_in(info_.working_ranks); }

void Monitor::take(int leader, const std::string& id, const std::optional<std::string>& record) {
  const JobOutcome outcome = jobs_.collect(id, record);
  Member& group = groups_[leader];
  const std::optional<study::TrialProgress> last = std::exchange(group.status.activity, std::nullopt);
  const bool was_told_of = last && last->trial == id;
  const double cost = rank_seconds(planned_[id]);
  rank_seconds_left_ -= cost;
  if (outcome.failed) {
    note_failure(leader, id, outcome.reason);
  } else {
    const std::uint64_t first_step = was_told_of ? last->first_step : 0;
    rank_seconds_done_ += cost * (1 - (was_told_of ? share_of(first_step, *last) : 0));
    images_ += images_since(first_step, outcome.steps, id);
  }
  group.heard = Clock::now();
  ++group.status.finished;
  ++finished_;
  show();
}

void Monitor::note_failure(int leader, const std::string& id, const std::string& reason) {
  ++failed_;
  if (failures_.size() < kMostFailures) failures_.push_back({id, jobs_.describe(id), reason, leader});
  if (!reasons_.insert(reason).second) return;
  progress_.clear();
  log_.warn(info_.noun + " " + id + " failed on rank " + std::to_string(leader) + ": " + reason);
}

void Monitor::hear(int leader, const std::string& progress_json) {
  Member& group = groups_[leader];
  group.heard = Clock::now();
  group.status.activity = study::parse_activity(progress_json);
}

void Monitor::end_group(int leader, int width) {
  Member& group = groups_[leader];
  group.heard = Clock::now();
  group.status.activity.reset();
  if (width == 1) {
    group.status.working = false;
    return;
  }
  const std::vector<int> members = group.status.ranks;
  for (const int rank : members) groups_[rank].status.ranks = {rank};
}

double Monitor::elapsed() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

// Training images that this run saw: an earlier one did the steps before the first.
double Monitor::images_since(std::uint64_t first_step, std::uint64_t step, const std::string& id) const {
  return static_cast<double>(jobs_.images_seen(id, step)) -
         static_cast<double>(jobs_.images_seen(id, first_step));
}

// The rest runs at the speed of this run so far. It takes at least as long as the job that has the longest to
// go.
Monitor::Forecast Monitor::forecast(double elapsed_seconds) const {
  double done = rank_seconds_done_, left = rank_seconds_left_, longest = 0, images = images_, ranks = 0;
  for (const auto& [leader, group] : groups_) {
    ranks += static_cast<double>(group.status.ranks.size());
    if (!group.status.activity) continue;
    const study::TrialProgress& activity = *group.status.activity;
    const auto found = planned_.find(activity.trial);
    if (found == planned_.end()) continue;
    const PlannedJob& job = found->second;
    const double share = share_of(activity.step, activity);
    done += (share - share_of(activity.first_step, activity)) * rank_seconds(job);
    left -= share * rank_seconds(job);
    images += images_since(activity.first_step, activity.step, job.id);
    longest = std::max(longest, (1 - share) * seconds_at(job, job.width));
  }
  if (done <= 0 || elapsed_seconds <= 0) return {};
  const double speed = done / elapsed_seconds;  // rank-seconds of the plan in a second
  return {.images_per_second = images / elapsed_seconds,
          .seconds_left = std::max(left, longest * ranks) / speed};
}

std::string Monitor::line() const {
  const Forecast ahead = forecast(elapsed());
  std::size_t running = 0;
  for (const auto& [leader, group] : groups_) running += group.status.working ? 1 : 0;
  std::string text = std::to_string(std::min(running, planned_.size() - finished_)) + " running";
  if (failed_ > 0) text += ", " + std::to_string(failed_) + " failed";
  if (ahead.seconds_left) {
    text += ", " + with_commas(static_cast<unsigned long long>(ahead.images_per_second)) + " images/s, " +
            rough_duration(*ahead.seconds_left) + " left";
  }
  return text;
}

void Monitor::draw() {
  drawn_at_ = Clock::now();
  drawn_ = finished_;
  progress_.update(static_cast<double>(finished_), static_cast<double>(planned_.size()), line());
}

void Monitor::show() {
  if (Clock::now() - drawn_at_ >= kLineInterval) draw();
  if (Clock::now() - written_at_ >= kStatusInterval) write_status(study::RunState::running);
}

void Monitor::finish(bool stopped) {
  if (drawn_ < finished_) draw();
  write_status(stopped && finished_ < planned_.size() ? study::RunState::stopped : study::RunState::finished);
}

study::SweepStatus Monitor::status(study::RunState state) const {
  const double elapsed_seconds = elapsed();
  const Forecast ahead = forecast(elapsed_seconds);
  study::SweepStatus status{.state = state,
                            .study = info_.study,
                            .host = host_name(),
                            .pid = ::getpid(),
                            .attempt = info_.attempt,
                            .updated = std::time(nullptr),
                            .elapsed_seconds = elapsed_seconds,
                            .trials = info_.jobs,
                            .before = info_.jobs - planned_.size(),
                            .done = finished_ - failed_,
                            .failed = failed_,
                            .images_per_second = ahead.images_per_second,
                            .seconds_left = ahead.seconds_left,
                            .ranks = ranks_of(info_.ranks),
                            .failures = failures_};
  for (const auto& [leader, member] : groups_) {
    study::GroupStatus group = member.status;
    group.seconds = std::chrono::duration<double>(Clock::now() - member.heard).count();
    if (group.activity && planned_.contains(group.activity->trial))
      group.settings = jobs_.describe(group.activity->trial);
    status.groups.push_back(std::move(group));
  }
  return status;
}

// The run goes on without it.
void Monitor::write_status(study::RunState state) {
  written_at_ = Clock::now();
  try {
    replace_file(study::status_file(info_.run_folder), to_json(status(state)));
  } catch (const std::exception& error) {
    if (!status_failed_) log_.warn(std::string("titrate status will be out of date: ") + error.what());
    status_failed_ = true;
  }
}

}  // namespace titrate::dispatch
