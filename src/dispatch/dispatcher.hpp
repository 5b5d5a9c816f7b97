// The dispatcher hands jobs to groups as they become free, longest first, from a thread on rank 0.
//
// A group's leader asks for jobs of its group's width and gets a list of ids. It sends each finished record,
// and at times its progress, and asks again. An empty list says that there are no more of this width: a wide
// group then dissolves, and its ranks ask for themselves. After a request to stop every list is empty. All
// messages travel on one communicator that nothing else uses, so that each leader's come in their order.
#pragma once

#include <exception>
#include <string>
#include <thread>
#include <vector>

#include "monitor.hpp"
#include "titrate/comm/watchdog.hpp"
#include "work_queue.hpp"

namespace titrate::dispatch {

// Rank 0's side. Its thread runs until every working rank was told that there is nothing for it alone, or the
// Dispatcher is destroyed: an error on rank 0 must not wait for groups that will never ask again.
class Dispatcher {
 public:
  // `plan`, `watchdog`, and `monitor`, which is used in the dispatcher's thread, must outlive it.
  Dispatcher(const comm::Communicator& channel, const Plan& plan, Monitor& monitor, comm::Watchdog& watchdog);
  Dispatcher(Dispatcher&&) = delete;

  // Waits until all have ended; throws what the monitor threw.
  void finish();

 private:
  void serve(const std::stop_token& stop);
  void serve_until(const std::stop_token& stop);
  void answer(int leader, int width);
  void pass_on(const comm::Message& message);

  const comm::Communicator& channel_;
  const Plan& plan_;
  WorkQueue queue_;
  int working_;  // ranks
  Monitor& monitor_;
  comm::Watchdog& watchdog_;
  std::exception_ptr failure_;
  std::jthread thread_;
};

// A group leader's side.
class DispatchClient {
 public:
  explicit DispatchClient(const comm::Communicator& channel) : channel_(channel) {}

  std::vector<std::string> request(int width) const;  // ids; empty: no more of this width
  // A finished job's record. Rank 0's own stays where it is: only the id travels.
  void deliver(const std::string& id, const std::string& record) const;
  void tell(const study::TrialProgress& progress) const;

 private:
  const comm::Communicator& channel_;
};

}  // namespace titrate::dispatch
