// An end to waiting.
#pragma once

#include <functional>
#include <thread>

namespace titrate::comm {

// Calls `on_late` in a thread of its own unless it is destroyed within `seconds`, for which time the process
// was not stopped.
class Deadline {
 public:
  Deadline(double seconds, std::function<void()> on_late);

 private:
  std::jthread thread_;
};

}  // namespace titrate::comm
