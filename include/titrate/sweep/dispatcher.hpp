// Hands trials to groups as they become free, longest first, from a thread on rank 0 of the world.
//
// A group's leader asks and gets a list of trial ids; it sends each finished record, and asks again. An empty
// list ends it. Both kinds of message travel on one communicator that nothing else uses.
#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include "titrate/comm/communicator.hpp"
#include "titrate/sweep/monitor.hpp"

namespace titrate::sweep {

// Longest first; equal costs in the order given.
std::deque<WorkItem> longest_first(std::vector<WorkItem> items);

// The next list for one of `groups`: one long trial, or as many short ones as come to an eighth of a group's
// share of what is left, at most 32. Removes them from the queue.
std::vector<std::string> take(std::deque<WorkItem>& queue, int groups);

// Rank 0's side. Its thread runs until every group was told to end, or the Dispatcher is destroyed: an error
// on rank 0 must not wait for groups that will never ask again.
class Dispatcher {
 public:
  // `monitor` is used in the dispatcher's thread, and must outlive it.
  Dispatcher(const comm::Communicator& channel, std::vector<WorkItem> items, int groups, Monitor& monitor);
  Dispatcher(Dispatcher&&) = delete;

  // Waits until all groups have ended; throws what the monitor threw.
  void finish();

 private:
  void serve(const std::stop_token& stop);

  const comm::Communicator& channel_;
  std::deque<WorkItem> queue_;
  int groups_;
  Monitor& monitor_;
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
