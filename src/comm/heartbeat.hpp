// Heartbeats: a rank sends what it is doing to another, which misses it after too long a silence.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "titrate/comm/communicator.hpp"

namespace titrate::comm {

class Heartbeat {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr int kTag = 1;  // of its messages

  // To `listener`, every `interval_seconds`. The channel must outlive it.
  Heartbeat(const Communicator& channel, int listener, double interval_seconds);

  void send(const std::string& text, Clock::time_point now);
  void send_if_due(const std::string& text, Clock::time_point now);

  // Takes the heartbeats that have come.
  void receive(Clock::time_point now);
  const std::string& last_text(int rank) const;           // empty before the first
  double silence(int rank, Clock::time_point now) const;  // seconds since the last, or since the start

  // This process was itself stopped so long, and heard nobody.
  void forgive(Clock::duration suspension);

 private:
  struct Heard {
    std::string text{};
    Clock::time_point at = Clock::now();
  };

  const Communicator& channel_;
  int listener_;
  double interval_seconds_;
  Clock::time_point sent_ = Clock::now();
  std::vector<Heard> heard_;  // by rank
};

// A ring of heartbeats: each rank's go to the next, the last one's to the first. So a rank that was stopped,
// or hangs as a whole, is missed by its neighbour.
class HeartbeatRing {
 public:
  // Collective over the channel, which must outlive it. A rank is missed after `limit_seconds` of silence.
  HeartbeatRing(const Communicator& channel, double limit_seconds);

  int previous() const;  // the rank that this one listens to

  // Sends, where it is due, what this rank is doing, and takes what has come.
  void send(const std::string& place, Heartbeat::Clock::time_point now);
  void receive(Heartbeat::Clock::time_point now) { heartbeat_.receive(now); }
  void forgive(Heartbeat::Clock::duration suspension) { heartbeat_.forgive(suspension); }

  // A sentence about the previous rank where it is missed: who, since when, last seen where.
  std::optional<std::string> missed(Heartbeat::Clock::time_point now) const;

 private:
  const Communicator& channel_;
  double limit_seconds_;
  Heartbeat heartbeat_;
  std::string previous_name_{};
};

}  // namespace titrate::comm
