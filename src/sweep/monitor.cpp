#include "titrate/sweep/monitor.hpp"

#include <algorithm>

#include "titrate/core/text.hpp"

namespace titrate::sweep {

Monitor::Monitor(const std::vector<WorkItem>& work, int groups, const ProgressStyle& style, const Log& log)
    : log_(log), progress_("sweep", style), total_(work.size()), groups_(static_cast<std::size_t>(groups)) {
  for (const WorkItem& item : work) {
    cost_of_[item.trial] = item.cost;
    cost_left_ += item.cost;
  }
  show();
}

void Monitor::take(const std::string& record_json) {
  TrialRecord record = parse_record(record_json, "message");
  const double cost = cost_of_[record.trial];
  cost_left_ -= cost;
  cost_done_ += cost;
  images_ += static_cast<double>(record.outcome.train_images * record.outcome.epochs.size());
  if (record.status == Status::failed) {
    ++failed_;
    if (reasons_.insert(record.reason).second) {
      progress_.clear();
      log_.warn("trial " + record.trial + " failed on rank " + std::to_string(record.timing.world_rank) +
                ": " + record.reason);
    }
  }
  records_.push_back(std::move(record));
  show();
}

void Monitor::show() {
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  std::string text = std::to_string(std::min(groups_, total_ - records_.size())) + " running";
  if (failed_ > 0) text += ", " + std::to_string(failed_) + " failed";
  if (cost_done_ > 0) {
    const auto left = static_cast<unsigned long long>(cost_left_ / cost_done_ * elapsed + 0.5);
    text += ", " + with_commas(static_cast<unsigned long long>(images_ / elapsed)) + " images/s, " +
            (left < 60 ? std::to_string(left) + " s left" : std::to_string(left / 60) + " min left");
  }
  progress_.update(static_cast<double>(records_.size()), static_cast<double>(total_), text);
}

}  // namespace titrate::sweep
