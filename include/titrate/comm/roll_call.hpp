// A watchdog for a few steps that all ranks take in one order: who comes to each in time, and who does not.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "titrate/comm/deadline.hpp"
#include "titrate/comm/session.hpp"

namespace titrate::comm {

class Heartbeat;

// Every rank's heartbeat tells rank 0 which step it has come to. Rank 0 calls `on_stuck` where a rank falls
// silent for 10 s, or where the ranks that are furthest behind stay in their step for longer than it may
// take: once, in a thread of its own, with the step and a text that names them. The caller then ends the job,
// since nobody can be waited for any more. Where rank 0 itself hangs, the others call theirs, kGraceSeconds
// later.
class RollCall {
 public:
  static constexpr double kGraceSeconds = 5;

  using OnStuck = std::function<void(const std::string& step, const std::string& what)>;

  // Collective over the world, as is the destructor, in which rank 0 waits for the others.
  RollCall(const Session& session, OnStuck on_stuck);
  RollCall(RollCall&&) = delete;
  ~RollCall();

  // This rank comes to its next step, which may take `seconds`. All ranks take the same steps in one order.
  void enter(const std::string& step, double seconds);

  // The step that this rank is in.
  std::string step();

 private:
  using Clock = std::chrono::steady_clock;

  struct Step {
    std::string name{};
    double seconds = 0;
  };

  void set_deadline(const Step& step);
  void watch(const std::stop_token& stop);
  void listen();
  void report_stuck();
  std::size_t steps_of(int rank) const;  // that it has come to, as rank 0 knows
  bool all_at(std::size_t steps) const;
  std::string stuck() const;  // on rank 0; empty while there is time

  Communicator world_;
  OnStuck on_stuck_;
  std::unique_ptr<Heartbeat> heartbeat_;
  std::mutex mutex_;
  std::condition_variable_any bell_;
  std::vector<Step> steps_;                 // of this rank
  std::size_t behind_ = 1;                  // the step of the ranks furthest behind
  Clock::time_point moved_ = Clock::now();  // when they came to it
  bool given_up_ = false;
  std::optional<Deadline> deadline_{};  // of this rank's step; none on rank 0
  std::jthread thread_;
};

}  // namespace titrate::comm
