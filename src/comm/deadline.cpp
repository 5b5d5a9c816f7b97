#include "titrate/comm/deadline.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace titrate::comm {
namespace {

constexpr double kSliceSeconds = 0.05;

}  // namespace

Deadline::Deadline(double seconds, std::function<void()> on_late)
    : thread_([seconds, on_late = std::move(on_late)](const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any bell;
        std::unique_lock lock(mutex);
        for (double left = seconds; left > 0 && !stop.stop_requested();) {
          const auto start = std::chrono::steady_clock::now();
          const std::chrono::duration<double> slice(std::min(left, kSliceSeconds));
          bell.wait_for(lock, stop, slice, [] { return false; });
          const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - start;
          left -= std::min(waited.count(), 4 * kSliceSeconds);
        }
        if (!stop.stop_requested()) on_late();
      }) {}

}  // namespace titrate::comm
