#include "titrate/comm/deadline.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace titrate::comm {

Deadline::Deadline(double seconds, std::function<void()> on_late)
    : thread_([seconds, on_late = std::move(on_late)](const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any bell;
        std::unique_lock lock(mutex);
        bell.wait_for(lock, stop, std::chrono::duration<double>(seconds), [] { return false; });
        if (!stop.stop_requested()) on_late();
      }) {}

}  // namespace titrate::comm
