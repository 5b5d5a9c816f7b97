// Hands trials to groups as they become free, longest first, from a thread on rank 0 of the world.
//
// A group's leader asks and gets a list of trial ids; it sends each finished record, and asks again. An empty
// list ends it. Both kinds of message travel on one communicator that nothing else uses.
#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "titrate/comm/communicator.hpp"

namespace titrate::sweep {

struct WorkItem {
  std::string trial{};
  double cost = 0;  // in any unit
};

// Longest first; equal costs in the order given.
std::deque<WorkItem> longest_first(std::vector<WorkItem> items);

// The next list for one of `groups`: one long trial, or as many short ones as come to an eighth of a group's
// share of what is left, at most 32. Removes them from the queue.
std::vector<std::string> take(std::deque<WorkItem>& queue, int groups);

// Rank 0's side. Runs its thread until every group was told to end.
class Dispatcher {
 public:
  // on_record is called in the dispatcher's thread with each record's JSON.
  Dispatcher(const comm::Communicator& channel, std::vector<WorkItem> items, int groups,
             std::function<void(const std::string&)> on_record);
  Dispatcher(Dispatcher&&) = delete;

  // Waits until all groups have ended; throws what on_record threw.
  void finish();

 private:
  void serve();

  const comm::Communicator& channel_;
  std::deque<WorkItem> queue_;
  int groups_;
  std::function<void(const std::string&)> on_record_;
  std::exception_ptr failure_;
  std::jthread thread_;
};

// A group leader's side.
class DispatchClient {
 public:
  explicit DispatchClient(const comm::Communicator& channel) : channel_(channel) {}

  std::vector<std::string> request() const;  // trial ids; empty: no more
  void deliver(const std::string& record_json) const;

 private:
  const comm::Communicator& channel_;
};

}  // namespace titrate::sweep
