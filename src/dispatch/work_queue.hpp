// The work queue: the jobs that are left, by width, longest first. The dispatcher's decisions without
// messages.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <span>
#include <vector>

#include "titrate/dispatch/plan.hpp"

namespace titrate::dispatch {

class WorkQueue {
 public:
  // `jobs` longest first, as in a Plan; `ranks` share them.
  WorkQueue(std::span<const PlannedJob> jobs, int ranks);

  // The next jobs of a group of this width, as indices into `jobs`: one long job, or as many short ones as
  // come to an eighth of a rank's share of the rest, at most 32. Empty: none of this width is left.
  std::vector<std::size_t> take(int width);

  void clear();

 private:
  struct Item {
    std::size_t index;
    double seconds;
  };

  std::map<int, std::deque<Item>> of_width_{};
  std::map<int, double> seconds_left_{};
  int ranks_;
};

}  // namespace titrate::dispatch
