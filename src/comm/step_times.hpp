// How long the last steps of a trial took.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace titrate::comm {

class StepTimes {
 public:
  void add(double seconds) { seconds_[count_++ % seconds_.size()] = seconds; }
  void clear() { count_ = 0; }
  bool empty() const { return count_ == 0; }
  // Whether the median is to be looked at anew: after the first, and then now and then.
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
