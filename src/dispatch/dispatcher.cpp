#include "dispatcher.hpp"

#include <algorithm>
#include <chrono>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate::dispatch {
namespace {

constexpr int kToDispatcher = 1, kToWorker = 2;                 // message tags
constexpr char kRequest = 'w', kRecord = 'r', kProgress = 'p';  // first letter of a message
constexpr auto kTickInterval = std::chrono::seconds(1);

using Clock = std::chrono::steady_clock;

// The sleep before the next poll: a twentieth of the time since the last message. Short jobs are served at
// once, and while long ones run the thread takes nothing from the rank beside it.
std::chrono::microseconds poll_interval(Clock::duration silence) {
  const auto share = std::chrono::duration_cast<std::chrono::microseconds>(silence / 20);
  return std::clamp(share, std::chrono::microseconds(100), std::chrono::microseconds(2000));
}

}  // namespace

Dispatcher::Dispatcher(const comm::Communicator& channel, const Plan& plan, Monitor& monitor,
                       comm::Watchdog& watchdog)
    : channel_(channel),
      plan_(plan),
      queue_(plan.jobs, monitor.working_ranks()),
      working_(monitor.working_ranks()),
      monitor_(monitor),
      watchdog_(watchdog) {
  thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
}

void Dispatcher::serve(const std::stop_token& stop) {
  try {
    serve_until(stop);
  } catch (...) {
    const Error error(describe(std::current_exception()));
    watchdog_.end_job(error.what(), error.code());
  }
  watchdog_.served();
}

void Dispatcher::serve_until(const std::stop_token& stop) {
  Clock::time_point last_tick = Clock::now(), last_message = last_tick;
  while (working_ > 0 && !stop.stop_requested()) {
    const Clock::time_point now = Clock::now();
    watchdog_.serving();
    if (now - last_tick >= kTickInterval) {
      monitor_.show();
      last_tick = now;
    }
    const auto message = channel_.poll(kToDispatcher);
    if (!message) {
      std::this_thread::sleep_for(poll_interval(now - last_message));
      continue;
    }
    last_message = now;
    if (message->text.starts_with(kRequest)) {
      answer(message->source, static_cast<int>(parse_integer(message->text.substr(1)).value()));
    } else {
      pass_on(*message);
    }
  }
}

void Dispatcher::answer(int leader, int width) {
  std::vector<std::string> list;
  if (watchdog_.stop_requested()) queue_.clear();
  for (const std::size_t index : queue_.take(width)) list.push_back(plan_.jobs[index].id);
  channel_.send(leader, kToWorker, join(list, ","));
  if (!list.empty()) return;
  monitor_.end_group(leader, width);
  if (width == 1) --working_;
}

void Dispatcher::pass_on(const comm::Message& message) {
  try {
    const std::string text = message.text.substr(1);
    if (message.text.starts_with(kProgress)) {
      monitor_.hear(message.source, text);
    } else {
      const std::size_t end = text.find(' ');
      std::optional<std::string> record;
      if (end != std::string::npos) record = text.substr(end + 1);
      monitor_.take(message.source, text.substr(0, end), record);
    }
  } catch (...) {
    if (!failure_) failure_ = std::current_exception();
    queue_.clear();  // let the groups end; the record is in its journal
  }
}

void Dispatcher::finish() {
  thread_.join();
  if (failure_) std::rethrow_exception(failure_);
}

std::vector<std::string> DispatchClient::request(int width) const {
  channel_.send(0, kToDispatcher, kRequest + std::to_string(width));
  return split(channel_.receive(0, kToWorker), ',');
}

void DispatchClient::deliver(const std::string& id, const std::string& record) const {
  channel_.send(0, kToDispatcher, kRecord + (channel_.rank() == 0 ? id : id + " " + record));
}

void DispatchClient::tell(const study::TrialProgress& progress) const {
  channel_.send(0, kToDispatcher, kProgress + to_json(progress));
}

}  // namespace titrate::dispatch
