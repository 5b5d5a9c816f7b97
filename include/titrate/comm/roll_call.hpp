// Who comes to each step in time, and who does not.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "titrate/comm/deadline.hpp"
#include "titrate/comm/session.hpp"

namespace titrate::comm {

// Every rank tells rank 0 a few times a second which step it has come to. Where one falls silent for 10 s, or
// the ranks that are furthest behind stay in their step for longer than it may take, rank 0 calls `on_stuck`,
// once, in a thread of its own, with the step and a text that names them; the caller then ends the job, since
// nobody can be waited for any more. Should rank 0 itself stand still, the others call theirs, kGraceSeconds
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

  struct Rank {
    std::size_t steps = 1;  // that it has come to
    Clock::time_point heard = Clock::now();
  };

  void limit(const Step& step);
  void watch(const std::stop_token& stop);
  void listen();
  bool all_at(std::size_t steps) const;
  std::string stuck() const;  // on rank 0; empty while there is time

  Communicator world_;
  OnStuck on_stuck_;
  std::mutex mutex_;
  std::condition_variable_any bell_;
  std::vector<Step> steps_;                 // of this rank
  std::vector<Rank> ranks_;                 // what rank 0 knows; elsewhere this rank alone is kept up to date
  std::size_t behind_ = 1;                  // the step of the ranks furthest behind
  Clock::time_point moved_ = Clock::now();  // when they came to it
  bool given_up_ = false;
  std::optional<Deadline> clock_{};  // of this rank's step, on the others
  std::jthread thread_;
};

}  // namespace titrate::comm
