// A watchdog: a thread beside each rank that ends a job which hangs, and makes all ranks stop together.
//
// The rank's own thread says what it is doing. Where that takes too long, the watchdog ends the job with 86
// and prints one line: which rank, where, in what. Each watchdog also sends heartbeats to that of the next
// rank, the last one's to the first: a process that was stopped, or hangs as a whole, is missed there. A rank
// that was itself stopped and goes on starts its clocks anew.
//
// Any rank may get any signal. USR1 and USR2 ask all ranks to stop at the next step and keep what they have.
// TERM and INT end the job at once, but not in the middle of a record. A second one ends it there too.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "titrate/comm/session.hpp"
#include "titrate/core/error.hpp"

namespace titrate::comm {

// From here on USR1 and USR2 do not end the process: the Watchdog that is made later finds them.
void remember_stop_signals();

struct WatchdogOptions {
  double limit_seconds = 300;   // time without progress that ends the job; slow work may take more. 0: never
  double deadline_seconds = 0;  // when all are asked to stop; 0: never
};

class Watchdog {
 public:
  // Collective over the session's world, which must outlive it. One per process.
  Watchdog(const Session& session, const WatchdogOptions& options);
  Watchdog(Watchdog&&) = delete;
  // Without close() an error is on its way: tells the other ranks that the job may end.
  ~Watchdog();

  // Begins a piece of work, named by a literal. It may take four times the limit, as files and first steps
  // do. A test's fault may strike here (core/fault).
  void enter(const char* site);
  // The same work gets on: its time starts anew.
  void progress();
  // Waits for other ranks from now on, without a limit, since their own watchdogs watch them. With a site the
  // wait is a piece of work of its own.
  void idle(const char* site);
  void idle();

  // All work is part of this trial from now on, in a group of `width` ranks. A rank that does not lead the
  // group has the limit of slow work in every step, since it may wait there for the leader's files.
  void begin_trial(const std::string& trial, bool leads, int width);
  void end_trial();
  // A training step is done, and the next begins. It may take the limit or 30 times the median of the last
  // steps, whichever is longer.
  void step(std::uint64_t number);

  // The dispatcher, a second thread of rank 0, calls the first at every turn and the second at its end.
  void serving();
  void served();

  // Prints why nobody can go on, and ends the job.
  [[noreturn]] void end_job(const std::string& why, ErrorCode code);

  // A signal or the deadline has asked all ranks to stop.
  bool stop_requested() const;

  // A lock to hold while a record is written: TERM and INT wait for it.
  std::unique_lock<std::timed_mutex> writing();

  // `tell` is called with the reason before a watchdog ends the job, in this watchdog's thread.
  void on_end(std::function<void(const std::string& why)> tell);

  // Ends the watchdog without ending the job. Collective: afterwards no rank is missed.
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace titrate::comm
