#include "heartbeat.hpp"

#include <algorithm>

#include "activity.hpp"
#include "titrate/comm/rank.hpp"
#include "titrate/core/host.hpp"
#include "titrate/core/text.hpp"

namespace titrate::comm {
namespace {

constexpr double kMostSeconds = 1;  // between two heartbeats of a ring
constexpr double kMostBeats = 300;  // within the limit: what a stopped rank does not take, MPI has to keep
constexpr double kLeastBeats = 8;   // within the limit, so that a lost moment is no silence

double ring_interval(double limit_seconds) {
  return std::max(std::min(kMostSeconds, limit_seconds / kLeastBeats), limit_seconds / kMostBeats);
}

}  // namespace

Heartbeat::Heartbeat(const Communicator& channel, int listener, double interval_seconds)
    : channel_(channel),
      listener_(listener),
      interval_seconds_(interval_seconds),
      heard_(static_cast<std::size_t>(channel.size())) {}

void Heartbeat::send(const std::string& text, Clock::time_point now) {
  sent_ = now;
  channel_.send(listener_, kTag, text);
}

void Heartbeat::send_if_due(const std::string& text, Clock::time_point now) {
  if (seconds_between(sent_, now) >= interval_seconds_) send(text, now);
}

void Heartbeat::receive(Clock::time_point now) {
  while (const auto message = channel_.poll(kTag)) at(heard_, message->source) = {message->text, now};
}

const std::string& Heartbeat::last_text(int rank) const { return at(heard_, rank).text; }

double Heartbeat::silence(int rank, Clock::time_point now) const {
  return seconds_between(at(heard_, rank).at, now);
}

void Heartbeat::forgive(Clock::duration suspension) {
  for (Heard& heard : heard_) heard.at += suspension;
}

HeartbeatRing::HeartbeatRing(const Communicator& channel, double limit_seconds)
    : channel_(channel),
      limit_seconds_(limit_seconds),
      heartbeat_(channel, (channel.rank() + 1) % channel.size(), ring_interval(limit_seconds)) {
  const std::vector<std::string> hosts = channel.all_gather(host_name());
  previous_name_ = "rank " + std::to_string(previous()) + " on " + at(hosts, previous());
}

int HeartbeatRing::previous() const { return (channel_.rank() + channel_.size() - 1) % channel_.size(); }

void HeartbeatRing::send(const std::string& place, Heartbeat::Clock::time_point now) {
  if (channel_.size() > 1) heartbeat_.send_if_due(place, now);
}

std::optional<std::string> HeartbeatRing::missed(Heartbeat::Clock::time_point now) const {
  const double silence = heartbeat_.silence(previous(), now);
  if (channel_.size() == 1 || silence <= limit_seconds_) return std::nullopt;
  const std::string& place = heartbeat_.last_text(previous());
  return previous_name_ + ": no sign of life for " + fixed(silence, 1) +
         " s: stopped, or its machine hangs; last seen at " + (place.empty() ? "\"start\"" : place);
}

}  // namespace titrate::comm
