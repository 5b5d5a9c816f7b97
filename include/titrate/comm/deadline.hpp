// A deadline for what may hang.
#pragma once

#include <functional>
#include <thread>

namespace titrate::comm {

// Calls `on_late` in a thread of its own unless it is destroyed within `seconds`. Time for which the process
// was stopped does not count.
class Deadline {
 public:
  Deadline(double seconds, std::function<void()> on_late);

 private:
  std::jthread thread_;
};

}  // namespace titrate::comm
