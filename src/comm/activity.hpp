// What a rank's thread is doing, and how long its last steps took.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace titrate::comm {

// A piece of work of the rank's thread.
struct Activity {
  using Clock = std::chrono::steady_clock;

  std::string site = "start";
  std::string trial{};
  int width = 1;
  std::uint64_t step = 0;
  Clock::time_point since = Clock::now();
  double limit = 0;  // seconds; 0: any

  std::string place() const {
    std::string text = "\"" + site + "\"";
    if (!trial.empty()) text += ", trial " + trial + ", step " + std::to_string(step);
    if (width > 1) text += ", in a group of " + std::to_string(width) + " ranks";
    return text;
  }
};

inline double seconds_between(Activity::Clock::time_point start, Activity::Clock::time_point end) {
  return std::chrono::duration<double>(end - start).count();
}

// Of the last steps of a trial, in seconds.
class StepTimes {
 public:
  void add(double seconds) { seconds_[count_++ % seconds_.size()] = seconds; }
  void clear() { count_ = 0; }
  bool empty() const { return count_ == 0; }
  // Whether the median is due again: after the first step, and then once a window.
  bool has_changed() const { return count_ % seconds_.size() == 1; }

  double median() const {
    std::vector<double> sorted(seconds_.begin(), seconds_.begin() + std::min(count_, seconds_.size()));
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    return *middle;
  }

 private:
  std::array<double, 31> seconds_{};
  std::size_t count_ = 0;
};

}  // namespace titrate::comm
