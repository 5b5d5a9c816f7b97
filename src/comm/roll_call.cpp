#include "titrate/comm/roll_call.hpp"

#include <algorithm>
#include <exception>

#include "activity.hpp"
#include "heartbeat.hpp"
#include "titrate/comm/placement.hpp"
#include "titrate/comm/rank.hpp"
#include "titrate/core/text.hpp"

namespace titrate::comm {
namespace {

constexpr double kStartSeconds = 20;
constexpr double kEndSeconds = 20;
constexpr double kBeatSeconds = 0.2;
constexpr double kSilenceSeconds = 10;  // of a thread that does nothing but send heartbeats

}  // namespace

RollCall::RollCall(const Session& session, OnStuck on_stuck)
    : world_(session.world().duplicate()),
      on_stuck_(std::move(on_stuck)),
      heartbeat_(std::make_unique<Heartbeat>(world_, 0, kBeatSeconds)),
      steps_{{.name = "start", .seconds = kStartSeconds}},
      thread_([this](const std::stop_token& stop) { watch(stop); }) {
  set_deadline(steps_.back());
}

RollCall::~RollCall() {
  // Whoever leaves by an exception ends the job.
  if (std::uncaught_exceptions() == 0) {
    enter("end", kEndSeconds);
    std::unique_lock lock(mutex_);
    if (world_.rank() == 0) bell_.wait(lock, [&] { return given_up_ || all_at(steps_.size()); });
  }
  thread_.request_stop();
  thread_.join();
}

void RollCall::enter(const std::string& step, double seconds) {
  const std::scoped_lock lock(mutex_);
  steps_.push_back({.name = step, .seconds = seconds});
  set_deadline(steps_.back());
  bell_.notify_all();
}

// In a thread of its own: where rank 0 takes nothing any more, even a send may wait for ever.
void RollCall::set_deadline(const Step& step) {
  if (world_.rank() == 0) return;
  const double seconds = step.seconds + kGraceSeconds;
  deadline_.emplace(seconds, [this, seconds, name = step.name] {
    on_stuck_(name, "rank " + std::to_string(world_.rank()) + " has waited " + fixed(seconds, 0) +
                        " s for rank 0 and the others");
  });
}

std::string RollCall::step() {
  const std::scoped_lock lock(mutex_);
  return steps_.back().name;
}

std::size_t RollCall::steps_of(int rank) const {
  if (rank == world_.rank()) return steps_.size();
  return static_cast<std::size_t>(parse_integer(heartbeat_->last_text(rank)).value_or(1));
}

bool RollCall::all_at(std::size_t steps) const {
  for (int rank = 0; rank < world_.size(); ++rank) {
    if (steps_of(rank) < steps) return false;
  }
  return true;
}

// On rank 0.
void RollCall::listen() {
  heartbeat_->receive(Clock::now());
  std::size_t behind = steps_.size();
  for (int rank = 0; rank < world_.size(); ++rank) behind = std::min(behind, steps_of(rank));
  if (behind != behind_) moved_ = Clock::now();
  behind_ = behind;
  if (all_at(steps_.size())) bell_.notify_all();
}

void RollCall::report_stuck() {
  const std::string what = stuck();
  if (what.empty() || given_up_) return;
  given_up_ = true;
  on_stuck_(steps_[behind_ - 1].name, what);
  bell_.notify_all();
}

void RollCall::watch(const std::stop_token& stop) {
  const bool is_first = world_.rank() == 0;
  std::size_t told = 0;
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested() || (!is_first && told != steps_.size())) {
    if (is_first) {
      listen();
      report_stuck();
    } else if (told != steps_.size()) {
      told = steps_.size();
      heartbeat_->send(std::to_string(told), Clock::now());
    } else {
      heartbeat_->send_if_due(std::to_string(told), Clock::now());
    }
    bell_.wait_for(lock, std::chrono::milliseconds(20));
  }
}

std::string RollCall::stuck() const {
  const Step& step = steps_[behind_ - 1];
  const Clock::time_point now = Clock::now();
  const double waited = seconds_between(moved_, now);
  std::vector<int> silent, behind;
  for (int rank = 0; rank < world_.size(); ++rank) {
    if (steps_of(rank) != behind_) continue;
    behind.push_back(rank);
    if (rank != 0 && heartbeat_->silence(rank, now) > kSilenceSeconds) silent.push_back(rank);
  }
  if (!silent.empty()) return "no sign of life from " + name_ranks(silent);
  if (waited < step.seconds) return "";
  return "no end after " + fixed(waited, 0) + " s on " +
         (ranks_in(behind) == world_.size() ? "any rank" : name_ranks(behind));
}

}  // namespace titrate::comm
