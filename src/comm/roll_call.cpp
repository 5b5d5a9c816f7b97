#include "titrate/comm/roll_call.hpp"

#include <algorithm>
#include <exception>

#include "titrate/comm/placement.hpp"
#include "titrate/core/text.hpp"

namespace titrate::comm {
namespace {

constexpr int kBeatTag = 1;
constexpr double kStartSeconds = 20;
constexpr double kEndSeconds = 20;
constexpr std::chrono::milliseconds kBeat(200);
constexpr std::chrono::seconds kSilence(10);  // of a thread that does nothing but tell

double seconds_since(std::chrono::steady_clock::time_point time) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - time).count();
}

}  // namespace

RollCall::RollCall(const Session& session, OnStuck on_stuck)
    : world_(session.world().duplicate()),
      on_stuck_(std::move(on_stuck)),
      steps_{{.name = "start", .seconds = kStartSeconds}},
      ranks_(static_cast<std::size_t>(session.world_size())),
      thread_([this](const std::stop_token& stop) { watch(stop); }) {
  limit(steps_.back());
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
  ranks_[static_cast<std::size_t>(world_.rank())].steps = steps_.size();
  limit(steps_.back());
  bell_.notify_all();
}

// In a thread of its own, since where rank 0 takes nothing more even a send may wait for ever.
void RollCall::limit(const Step& step) {
  if (world_.rank() == 0) return;
  const double seconds = step.seconds + kGraceSeconds;
  clock_.emplace(seconds, [this, seconds, name = step.name] {
    on_stuck_(name, "rank " + std::to_string(world_.rank()) + " has waited " + fixed(seconds, 0) +
                        " s for rank 0 and the others");
  });
}

std::string RollCall::step() {
  const std::scoped_lock lock(mutex_);
  return steps_.back().name;
}

bool RollCall::all_at(std::size_t steps) const {
  return std::all_of(ranks_.begin(), ranks_.end(), [&](const Rank& rank) { return rank.steps >= steps; });
}

// On rank 0: which steps the others have come to.
void RollCall::listen() {
  ranks_[0].heard = Clock::now();
  while (const auto message = world_.poll(kBeatTag)) {
    ranks_[static_cast<std::size_t>(message->source)] = {
        .steps = static_cast<std::size_t>(parse_integer(message->text).value_or(1)), .heard = Clock::now()};
  }
  std::size_t behind = steps_.size();
  for (const Rank& rank : ranks_) behind = std::min(behind, rank.steps);
  if (behind == behind_) return;
  behind_ = behind;
  moved_ = Clock::now();
}

void RollCall::watch(const std::stop_token& stop) {
  const bool is_first = world_.rank() == 0;
  std::size_t told = 0;
  auto beat_at = Clock::now();
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested() || (!is_first && told != steps_.size())) {
    if (is_first) {
      listen();
      if (all_at(steps_.size())) bell_.notify_all();
      if (const std::string what = stuck(); !what.empty() && !given_up_) {
        given_up_ = true;
        on_stuck_(steps_[behind_ - 1].name, what);
        bell_.notify_all();
      }
    } else if (told != steps_.size() || Clock::now() >= beat_at) {
      told = steps_.size();
      beat_at = Clock::now() + kBeat;
      world_.send(0, kBeatTag, std::to_string(told));
    }
    bell_.wait_for(lock, std::chrono::milliseconds(20));
  }
}

std::string RollCall::stuck() const {
  const Step& step = steps_[behind_ - 1];
  const double waited = seconds_since(moved_);
  std::vector<int> silent, behind;
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    if (ranks_[i].steps != behind_) continue;
    behind.push_back(static_cast<int>(i));
    if (Clock::now() - ranks_[i].heard > kSilence) silent.push_back(static_cast<int>(i));
  }
  if (!silent.empty()) return "no sign of life from " + name_ranks(silent);
  if (waited < step.seconds) return "";
  return "no end after " + fixed(waited, 0) + " s on " +
         (behind.size() == ranks_.size() ? "any rank" : name_ranks(behind));
}

}  // namespace titrate::comm
