#include "heartbeat.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include "titrate/core/host.hpp"
#include "titrate/core/text.hpp"

namespace titrate::comm {
namespace {

constexpr double kMostSeconds = 1;  // between two of them
constexpr double kMostSigns = 300;  // within the limit: what a stopped rank does not take, MPI has to keep
constexpr double kLeastWithin = 8;  // the limit, so that a lost moment is no silence

}  // namespace

Heartbeat::Heartbeat(const Communicator& channel, double limit_seconds)
    : channel_(channel), limit_seconds_(limit_seconds) {
  const std::vector<std::string> hosts = channel.all_gather(host_name());
  previous_name_ =
      "rank " + std::to_string(previous()) + " on " + hosts[static_cast<std::size_t>(previous())];
}

int Heartbeat::previous() const { return (channel_.rank() + channel_.size() - 1) % channel_.size(); }

void Heartbeat::send(const std::string& place, Clock::time_point now) {
  const double interval =
      std::max(std::min(kMostSeconds, limit_seconds_ / kLeastWithin), limit_seconds_ / kMostSigns);
  if (channel_.size() == 1 || seconds_between(sent_, now) < interval) return;
  sent_ = now;
  channel_.send((channel_.rank() + 1) % channel_.size(), kTag, place);
}

void Heartbeat::receive(Clock::time_point now) {
  while (const auto message = channel_.poll(kTag)) {
    heard_ = now;
    previous_place_ = message->text;
  }
}

std::optional<std::string> Heartbeat::missed(Clock::time_point now) const {
  const double silence = seconds_between(heard_, now);
  if (channel_.size() == 1 || silence <= limit_seconds_) return std::nullopt;
  return previous_name_ + ": no sign of life for " + fixed(silence, 1) +
         " s: stopped, or its machine hangs; last seen at " + previous_place_;
}

}  // namespace titrate::comm
