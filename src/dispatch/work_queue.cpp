#include "work_queue.hpp"

namespace titrate::dispatch {
namespace {

constexpr std::size_t kLongestList = 32;
constexpr double kListsPerShare = 8;

}  // namespace

WorkQueue::WorkQueue(std::span<const PlannedJob> jobs, int ranks) : ranks_(ranks) {
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const double seconds = seconds_at(jobs[i], jobs[i].width);
    of_width_[jobs[i].width].push_back({i, seconds});
    seconds_left_[jobs[i].width] += seconds;
  }
}

std::vector<std::size_t> WorkQueue::take(int width) {
  std::vector<std::size_t> list;
  std::deque<Item>& queue = of_width_[width];
  double& left = seconds_left_[width];
  const double longest = left * width / (kListsPerShare * ranks_);
  double seconds = 0;
  while (!queue.empty() && list.size() < kLongestList &&
         (list.empty() || seconds + queue.front().seconds <= longest)) {
    seconds += queue.front().seconds;
    list.push_back(queue.front().index);
    queue.pop_front();
  }
  left -= seconds;
  return list;
}

void WorkQueue::clear() {
  of_width_.clear();
  seconds_left_.clear();
}

}  // namespace titrate::dispatch
