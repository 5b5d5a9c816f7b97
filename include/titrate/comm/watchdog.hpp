// A thread beside each rank that sees to it that no run hangs, and that all ranks stop together.
//
// The rank's own thread says what it is doing. Where that takes too long, the watchdog ends the job with 86,
// and one line says who, where and in what. Each watchdog also sends a sign of life to that of the next rank,
// the last to the first: a process that was stopped or hangs as a whole is missed there. A rank that was
// itself stopped, and goes on, starts its clocks anew.
//
// Signals, of which any rank may get any: USR1 and USR2 ask all ranks to stop at the next step and keep what
// they have; TERM and INT end the job at once, though not in the middle of a record. A second one ends it
// where it is.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "titrate/comm/session.hpp"
#include "titrate/core/error.hpp"

namespace titrate::comm {

// USR1 and USR2 are remembered from here on, for the Watchdog that is to come, instead of ending the process.
void remember_stop_signals();

struct WatchdogOptions {
  double limit_seconds = 300;   // least time without progress that ends the job; 0: never
  double deadline_seconds = 0;  // when all are asked to stop; 0: never
};

class Watchdog {
 public:
  // Collective over the session's world, which must outlive it. One per process.
  Watchdog(const Session& session, const WatchdogOptions& options);
  Watchdog(Watchdog&&) = delete;
  // Where close() was not called, an error is on its way: the others are told that the job may end.
  ~Watchdog();

  // What this rank's thread does from now on: a literal. It may take four times the least limit, as files and
  // first steps do. A test's fault may strike here (core/fault).
  void enter(const char* site);
  // It goes on with the same, and gets on.
  void progress();
  // Waits for other ranks, as long as it takes, at a site or at the one it has come to: their own watchdogs
  // see to them.
  void idle(const char* site);
  void idle();

  // What is done from now on is part of this trial, in a group of `width` ranks. One that does not lead it
  // may have to wait in a step for the leader's files.
  void begin_trial(const std::string& trial, bool leads, int width);
  void end_trial();
  // A step of training is done, and the next begins: it may take the least limit, or 30 times the median of
  // the last steps.
  void step(std::uint64_t number);

  // Of a second thread of rank 0, which serves the others: it says so at every turn, and when it is done.
  void serving();
  void served();

  // For that thread: nobody can go on. Says why, and ends the job.
  [[noreturn]] void end_job(const std::string& why, ErrorCode code);

  // Somebody wants all to stop.
  bool stop_requested() const;

  // Hold it while a record is written: TERM and INT wait for its end.
  std::unique_lock<std::timed_mutex> writing();

  // On rank 0: called with the reason before the job ends otherwise than by this rank. From the watchdog's
  // thread.
  void on_end(std::function<void(const std::string& why)> tell);

  // The end of the watchdog, in peace. Collective: after it nobody is missed any more.
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace titrate::comm
