// Each rank lets the next one know that it lives, the last the first: so one that was stopped, or hangs as a
// whole, is missed by its neighbour.
#pragma once

#include <optional>
#include <string>

#include "activity.hpp"
#include "titrate/comm/communicator.hpp"

namespace titrate::comm {

class Heartbeat {
 public:
  using Clock = Activity::Clock;
  static constexpr int kTag = 1;  // of its messages

  // Collective over the channel, which must outlive it. `limit_seconds`: after so long a silence a rank is
  // missed.
  Heartbeat(const Communicator& channel, double limit_seconds);

  int previous() const;  // whose silence is heard here

  // To the next rank, where it is time for it; `place`: what this one is doing.
  void send(const std::string& place, Clock::time_point now);
  void receive(Clock::time_point now);
  // This process was itself stopped so long, and heard nobody.
  void forgive(Clock::duration suspension) { heard_ += suspension; }

  // Who is missed, since when and where, if anybody is.
  std::optional<std::string> missed(Clock::time_point now) const;

 private:
  const Communicator& channel_;
  double limit_seconds_;
  std::string previous_name_{}, previous_place_ = "\"start\"";
  Clock::time_point heard_ = Clock::now(), sent_ = heard_;
};

}  // namespace titrate::comm
