#include "titrate/comm/watchdog.hpp"

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <optional>
#include <stop_token>
#include <thread>

#include "activity.hpp"
#include "heartbeat.hpp"
#include "signals.hpp"
#include "titrate/comm/deadline.hpp"
#include "titrate/core/fault.hpp"
#include "titrate/core/host.hpp"
#include "titrate/core/text.hpp"

namespace titrate::comm {
namespace {

using Clock = Activity::Clock;

constexpr int kStopTag = Heartbeat::kTag + 1, kAlarmTag = kStopTag + 1, kEndTag = kAlarmTag + 1;
constexpr double kSlowSites = 4;   // times the least limit: files, the first step, a test
constexpr double kSlowSteps = 30;  // times the median step

// Seconds.
constexpr double kPollInterval = 0.05;
constexpr double kSuspension = 1;       // a poll that is so late says that the process was stopped
constexpr double kOneSignal = 2;        // a launcher may send the same signal twice within this time
constexpr double kWritingPatience = 1;  // of TERM and INT, for a record that is being written
constexpr double kWaiters = 0.5;     // beyond the limit, so that the rank that is waited for is named first
constexpr double kGathering = 0.15;  // rank 0 collects alarms so long, and prints the best of them
constexpr double kOthersPatience = 0.4;  // then every rank prints its own: rank 0 may be stopped
constexpr double kTelling = 0.8;         // for writing into the run folder why the job ends
constexpr double kEndPatience = 20;      // for an end that another rank has announced

constexpr int kLastToSpeak = 12;  // of the ranks that a launcher ends together

std::chrono::duration<double> seconds(double count) { return std::chrono::duration<double>(count); }

// Why the job is to end with 86.
struct Alarm {
  bool is_silence = false;  // another rank is missed: the most telling alarm
  std::string line{};
};

}  // namespace

void remember_stop_signals() { count_stop_signals(); }

struct Watchdog::State {
  State(const Session& given, const WatchdogOptions& asked_for)
      : session(given), options(asked_for), channel(given.world().duplicate()) {
    activity.limit = kSlowSites * options.limit_seconds;
    thread = std::jthread([this](const std::stop_token& stop) { run_or_abort(stop); });
  }

  std::string own_name() const { return "rank " + std::to_string(channel.rank()) + " on " + host_name(); }

  // A failure of MPI itself, as on a lost link, ends the job here: nobody else would print why.
  void run_or_abort(const std::stop_token& stop) {
    try {
      run(stop);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "titrate: %s: the watchdog failed: %s; the same command resumes\n",
                   own_name().c_str(), error.what());
      session.abort(exit_code(ErrorCode::no_progress));
    }
  }

  void run(const std::stop_token& stop) {
    for (Clock::time_point last = Clock::now(); !stop.stop_requested();) {
      std::this_thread::sleep_for(seconds(kPollInterval));
      const Clock::time_point now = Clock::now();
      if (seconds_between(last, now) > kSuspension) forgive(now - last);
      last = now;
      look_at_signals(now);
      listen(now);
      look_at_end(now);
      if (options.limit_seconds <= 0) continue;
      check_activity(now);
      look_at_previous(now);
      ring.send(place(), now);
      end_if_alarmed(now);
    }
  }

  void forgive(Clock::duration suspension) {
    const std::lock_guard lock(mutex);
    activity.since = std::min(activity.since + suspension, Clock::now());
    if (served_at) served_at = Clock::now();
    ring.forgive(suspension);
  }

  void look_at_signals(Clock::time_point now) {
    if (const int number = end_signal(); number != 0) end(number);
    if (stop_signals() > seen_stops) {
      seen_stops = stop_signals();
      if (!first_stop) {
        first_stop = now;
        ask_to_stop();
      } else if (seconds_between(*first_stop, now) > kOneSignal && !another_speaks()) {
        finish(by_self("asked to stop a second time, and ends at once"), exit_code(ErrorCode::stopped));
      }
    }
    const bool late = options.deadline_seconds > 0 && seconds_between(start, now) > options.deadline_seconds;
    if (late && channel.rank() == 0) ask_to_stop();
  }

  // Goes through rank 0, which hands out the work and so must know first.
  void ask_to_stop() {
    if (channel.rank() != 0) {
      channel.send(0, kStopTag, "");
    } else if (!stopping.exchange(true)) {
      for (int rank = 1; rank < channel.size(); ++rank) channel.send(rank, kStopTag, "");
    }
  }

  // Tells every rank that can be reached.
  void tell_all_of_end(const std::string& why) const {
    for (int rank = 0; rank < channel.size(); ++rank) {
      try {
        if (rank != channel.rank()) channel.send(rank, kEndTag, why);
      } catch (const std::exception&) {
        // That rank then reports for itself that it was ended.
      }
    }
  }

  void listen(Clock::time_point now) {
    while (channel.poll(kStopTag)) {
      if (channel.rank() == 0) {
        ask_to_stop();
      } else {
        stopping = true;
      }
    }
    ring.receive(now);
    if (const auto message = channel.poll(kEndTag); message && !ended_at) {
      ended_at = now;
      if (!message->text.empty()) others_reason = message->text;
    }
    while (const auto message = channel.poll(kAlarmTag))
      take_alarm({.is_silence = message->text[0] == '1', .line = message->text.substr(1)}, now);
  }

  // TERM or INT came. A launcher sends TERM to all of its ranks, also when one of them ended the job and has
  // said why. It kills them a second later, so the line is printed before anything else.
  [[noreturn]] void end(int number) {
    const int code = number == SIGINT ? exit_code(ErrorCode::interrupted) : 128 + number;
    if (another_speaks() || channel.rank() > kLastToSpeak) {
      tell_end(others_reason);
      wait_for_record();
      std::_Exit(code);
    }
    std::string what = number == SIGINT ? "interrupted by a signal" : "terminated by a signal";
    // A launcher also sends TERM to the ranks that outlive a dead one.
    if (number == SIGTERM && channel.size() > 1)
      what += ", or since another rank was killed or ran out of memory";
    say(by_self(what), code);
    wait_for_record();
    session.abort(code);
  }

  void wait_for_record() { static_cast<void>(writing.try_lock_for(seconds(kWritingPatience))); }

  // Whether another rank prints the line. A signal may have come to all: rank 0 prints, or the rank that ends
  // the job. Where rank 0 is gone the next one prints, and so on, within the second that a launcher leaves.
  bool another_speaks() {
    const int rank = channel.rank();
    const int patience = rank == 0 ? 50 : rank == 1 ? 350 : 600 + 25 * (std::min(rank, kLastToSpeak) - 2);
    const Clock::time_point end = Clock::now() + std::chrono::milliseconds(patience);
    for (listen(Clock::now()); !ended_at && Clock::now() < end; listen(Clock::now()))
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return ended_at.has_value();
  }

  void check_activity(Clock::time_point now) {
    Activity seen;
    {
      const std::lock_guard lock(mutex);
      seen = activity;
      if (served_at && seconds_between(*served_at, now) > slow_limit())
        seen = {.site = "dispatch", .since = *served_at, .limit = slow_limit()};
    }
    const double quiet = seconds_between(seen.since, now);
    if (alarmed || seen.limit <= 0 || quiet <= seen.limit + kWaiters) return;
    raise_alarm({.is_silence = false,
                 .line = own_name() + ": no progress for " + fixed(quiet, 1) + " s at " + seen.place() +
                         "; if it was only slow, give --watchdog more"},
                now);
  }

  void look_at_previous(Clock::time_point now) {
    const auto missed = alarmed ? std::nullopt : ring.missed(now);
    if (missed) raise_alarm({.is_silence = true, .line = *missed}, now);
  }

  std::string place() {
    const std::lock_guard lock(mutex);
    return activity.place();
  }

  // Rank 0 prints for all, so that a person reads one line. A rank that waits for it in vain prints its own.
  void raise_alarm(const Alarm& alarm, Clock::time_point now) {
    if (alarm.is_silence && ring.previous() == 0) give_up(alarm);
    if (channel.rank() != 0) channel.send(0, kAlarmTag, (alarm.is_silence ? "1" : "0") + alarm.line);
    take_alarm(alarm, now);
  }

  void take_alarm(const Alarm& alarm, Clock::time_point now) {
    if (!alarmed) alarmed = now;
    if (loudest.line.empty() || (alarm.is_silence && !loudest.is_silence)) loudest = alarm;
  }

  void end_if_alarmed(Clock::time_point now) {
    const double patience = channel.rank() == 0 ? kGathering : kOthersPatience;
    if (alarmed && !ended_at && seconds_between(*alarmed, now) >= patience) give_up(loudest);
  }

  // Another rank has announced that it ends the job, or that it fails, as this one may too. Where the end
  // does not come, that rank hangs.
  void look_at_end(Clock::time_point now) {
    if (!ended_at) return;
    const double waited = seconds_between(*ended_at, now);
    if (waited > kEndPatience) std::_Exit(exit_code(ErrorCode::no_progress));
    if (waited > kOthersPatience && !told_end) tell_end(others_reason);
  }

  [[noreturn]] void give_up(const Alarm& alarm) { finish(alarm.line, exit_code(ErrorCode::no_progress)); }

  std::string by_self(const std::string& what) const {
    return channel.size() > 1 ? own_name() + ": " + what : what;
  }

  [[noreturn]] void finish(const std::string& line, int code) {
    say(line, code);
    session.abort(code);
  }

  // Prints once: of two threads that end the job, the second waits to be ended by the first.
  void say(const std::string& line, int code) {
    if (has_spoken.exchange(true)) std::this_thread::sleep_for(seconds(kEndPatience));
    // Each of these may hang.
    const Deadline sure(kTelling, [this, code] { session.abort(code); });
    std::fputs(("titrate: " + line + "; the same command resumes\n").c_str(), stderr);
    tell_all_of_end(line);
    tell_end(line);
  }

  void tell_end(const std::string& why) {
    const std::lock_guard lock(mutex);
    told_end = true;
    if (tell_of_end) tell_of_end(why);
  }

  // The rank's thread begins something else.
  void move_on(const char* site, double limit) {
    const std::lock_guard lock(mutex);
    activity.site = site;
    activity.since = Clock::now();
    activity.limit = limit;
  }

  double slow_limit() const { return kSlowSites * options.limit_seconds; }

  double step_limit() const {
    if (options.limit_seconds <= 0) return 0;
    if (!leads || steps.empty()) return slow_limit();
    return std::max(options.limit_seconds, kSlowSteps * steps.median());
  }

  const Session& session;
  WatchdogOptions options;
  Communicator channel;
  HeartbeatRing ring{channel, options.limit_seconds};
  std::mutex mutex{};  // of the next three
  Activity activity{};
  std::function<void(const std::string&)> tell_of_end{};
  std::optional<Clock::time_point> served_at{};
  std::timed_mutex writing{};
  std::atomic<bool> stopping{false}, has_spoken{false}, told_end{false};

  // Used by the rank's thread.
  StepTimes steps{};
  bool leads = true;

  // Used by the watchdog's thread.
  Clock::time_point start = Clock::now();
  std::optional<Clock::time_point> first_stop{}, alarmed{}, ended_at{};
  Alarm loudest{};
  std::string others_reason = "another rank ended it";  // until that rank says why
  int seen_stops = 0;

  std::jthread thread{};  // last: it uses all of the above
};

Watchdog::Watchdog(const Session& session, const WatchdogOptions& options)
    : state_(std::make_unique<State>(session, options)) {
  count_stop_signals();
  keep_end_signals();
}

Watchdog::~Watchdog() {
  default_end_signals();
  if (!state_->thread.joinable()) return;
  // The thread may wait in a send to a stopped rank, and would not end.
  const Deadline sure(kEndPatience, [] { std::_Exit(exit_code(ErrorCode::no_progress)); });
  state_->thread.request_stop();
  state_->thread.join();
  state_->tell_all_of_end("");
}

void Watchdog::enter(const char* site) {
  state_->move_on(site, state_->slow_limit());
  fault_at(site);
}

void Watchdog::progress() {
  const std::lock_guard lock(state_->mutex);
  state_->activity.since = Clock::now();
}

void Watchdog::idle(const char* site) {
  state_->move_on(site, 0);
  fault_at(site);
}

void Watchdog::idle() {
  const std::lock_guard lock(state_->mutex);
  state_->activity.limit = 0;
}

void Watchdog::serving() {
  const std::lock_guard lock(state_->mutex);
  state_->served_at = Clock::now();
}

void Watchdog::served() {
  const std::lock_guard lock(state_->mutex);
  state_->served_at.reset();
}

void Watchdog::begin_trial(const std::string& trial, bool leads, int width) {
  const std::lock_guard lock(state_->mutex);
  state_->activity.trial = trial;
  state_->activity.step = 0;
  state_->activity.width = width;
  state_->leads = leads;
  state_->steps.clear();  // another network takes another time
}

void Watchdog::end_trial() { begin_trial("", true, 1); }

void Watchdog::step(std::uint64_t number) {
  State& state = *state_;
  const Clock::time_point now = Clock::now();
  const std::lock_guard lock(state.mutex);
  if (state.activity.site == "train_step") {
    state.steps.add(seconds_between(state.activity.since, now));
    if (state.steps.has_changed()) state.activity.limit = state.step_limit();
  } else {
    state.activity.site = "train_step";
    state.activity.limit = state.step_limit();
  }
  state.activity.step = number;
  state.activity.since = now;
}

void Watchdog::end_job(const std::string& why, ErrorCode code) {
  state_->finish(state_->by_self(why), exit_code(code));
}

bool Watchdog::stop_requested() const { return state_->stopping; }

std::unique_lock<std::timed_mutex> Watchdog::writing() {
  return std::unique_lock<std::timed_mutex>(state_->writing);
}

void Watchdog::on_end(std::function<void(const std::string& why)> tell) {
  const std::lock_guard lock(state_->mutex);
  state_->tell_of_end = std::move(tell);
}

void Watchdog::close() {
  State& state = *state_;
  state.move_on("end", state.slow_limit());
  state.channel.barrier();
  state.thread.request_stop();
  state.thread.join();
}

}  // namespace titrate::comm
