#include "titrate/sweep/dispatcher.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "titrate/core/text.hpp"

namespace titrate::sweep {
namespace {

constexpr int kToDispatcher = 1, kToWorker = 2;  // message tags
constexpr std::size_t kLongestList = 32;
constexpr auto kTickInterval = std::chrono::seconds(1);

using Clock = std::chrono::steady_clock;

// How long to sleep before the next look: a twentieth of the silence so far. Short trials are served at once,
// and while long ones run the thread takes nothing from the rank beside it.
std::chrono::microseconds poll_interval(Clock::duration silence) {
  const auto share = std::chrono::duration_cast<std::chrono::microseconds>(silence / 20);
  return std::clamp(share, std::chrono::microseconds(100), std::chrono::microseconds(2000));
}

}  // namespace

std::deque<WorkItem> longest_first(std::vector<WorkItem> items) {
  std::stable_sort(items.begin(), items.end(),
                   [](const WorkItem& a, const WorkItem& b) { return a.cost > b.cost; });
  return {std::make_move_iterator(items.begin()), std::make_move_iterator(items.end())};
}

std::vector<std::string> take(std::deque<WorkItem>& queue, int groups) {
  double left = 0;
  for (const WorkItem& item : queue) left += item.cost;
  const double share = left / (8.0 * groups);
  std::vector<std::string> list;
  double cost = 0;
  while (!queue.empty() && list.size() < kLongestList &&
         (list.empty() || cost + queue.front().cost <= share)) {
    cost += queue.front().cost;
    list.push_back(std::move(queue.front().trial));
    queue.pop_front();
  }
  return list;
}

Dispatcher::Dispatcher(const comm::Communicator& channel, std::vector<WorkItem> items, int groups,
                       Monitor& monitor)
    : channel_(channel), queue_(longest_first(std::move(items))), groups_(groups), monitor_(monitor) {
  thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
}

void Dispatcher::serve(const std::stop_token& stop) {
  Clock::time_point last_tick = Clock::now(), last_message = last_tick;
  for (int working = groups_; working > 0 && !stop.stop_requested();) {
    const Clock::time_point now = Clock::now();
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
    if (message->text.empty()) {
      const std::vector<std::string> list = take(queue_, groups_);
      channel_.send(message->source, kToWorker, join(list, ","));
      if (list.empty()) --working;
    } else {
      try {
        monitor_.take(message->text);
      } catch (...) {
        if (!failure_) failure_ = std::current_exception();
        queue_.clear();  // let the groups end; the record is in its journal
      }
    }
  }
}

void Dispatcher::finish() {
  thread_.join();
  if (failure_) std::rethrow_exception(failure_);
}

std::vector<std::string> DispatchClient::request() const {
  channel_.send(0, kToDispatcher, "");
  return split(channel_.receive(0, kToWorker), ',');
}

void DispatchClient::deliver(const std::string& record_json) const {
  channel_.send(0, kToDispatcher, record_json);
}

}  // namespace titrate::sweep
