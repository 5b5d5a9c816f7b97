#include <algorithm>
#include <cstdio>
#include <map>

#include "cost.hpp"
#include "titrate/comm/rank.hpp"
#include "titrate/core/text.hpp"
#include "titrate/sweep/forecast.hpp"

namespace titrate::sweep {
namespace {

std::string in_digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

std::string in_seconds(double seconds) { return fixed(seconds, seconds < 10 ? 1 : 0) + " s"; }

// Lines of a label and what it has, in two columns.
class Facts {
 public:
  void add(std::string label, const std::string& fact) {
    constexpr std::size_t kColumn = 18;
    label.resize(std::max(kColumn, label.size()), ' ');
    text_ += label + fact + "\n";
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_{};
};

void add_widths(const dispatch::Plan& plan, Facts& facts) {
  std::map<int, std::size_t> trials, groups;
  for (const dispatch::PlannedJob& job : plan.jobs) ++trials[job.width];
  for (const std::vector<int>& group : plan.groups) ++groups[comm::ranks_in(group)];
  for (const auto& [width, count] : trials) {
    if (width == 1) {
      facts.add("  on one rank", with_commas(count));
    } else {
      facts.add("  on " + std::to_string(width) + " ranks",
                with_commas(count) + ", in " + counted(groups[width], "group"));
    }
  }
}

// The makespan beside what cannot be beaten, and beside ranks that take trials one by one in grid order.
void add_time(const Forecast& forecast, Facts& facts) {
  const dispatch::Plan& plan = forecast.file.plan;
  double busy = 0;
  for (const dispatch::PlannedJob& job : plan.jobs) busy += job.width * seconds_at(job, job.width);
  const bool has_gpus = forecast.file.device == comm::DeviceKind::cuda;
  double devices = plan.ranks;
  if (has_gpus) {
    devices = 0;
    for (const dispatch::NodeRanks& node : forecast.file.nodes) devices += node.devices;
  }
  if (plan.ranks > devices) facts.add("note", "ranks that share a GPU are planned as if each had its own");
  facts.add("makespan", in_seconds(plan.makespan_seconds) + " on " + counted(plan.ranks, "rank"));
  facts.add("  ideal", in_seconds(plan.ideal_seconds));
  if (plan.least_seconds > 1.001 * plan.ideal_seconds)
    facts.add("  at the least", in_seconds(plan.least_seconds) + ", since width costs work");
  facts.add("  in grid order", in_seconds(forecast.seconds_in_order) + ", one by one");
  const double share = busy / std::max(1e-9, plan.makespan_seconds * plan.ranks);
  facts.add(has_gpus ? "GPU-hours" : "core-hours",
            in_digits(plan.makespan_seconds * devices / 3600) + ", " + fixed(100 * share, 1) + " % busy");
}

void add_space(const Forecast& forecast, Facts& facts) {
  const PlanFile& file = forecast.file;
  const bool has_gpus = file.device == comm::DeviceKind::cuda;
  const std::uint64_t rank = program_bytes(file.device) + (has_gpus ? 0 : forecast.training_bytes);
  const std::uint64_t node = rank * file.nodes[0].ranks.size() + forecast.dataset_bytes;
  facts.add("memory", in_megabytes(rank) + " a rank, " + in_megabytes(node) + " a node");
  if (has_gpus) facts.add("GPU memory", in_megabytes(forecast.training_bytes) + " a rank, beside CUDA's own");
  const auto ranks = static_cast<std::uint64_t>(file.plan.ranks);
  facts.add("disk", in_megabytes(forecast.disk_bytes) + ", and up to " +
                        in_megabytes(forecast.checkpoint_bytes * ranks) + " of checkpoints on the way");
}

}  // namespace

std::string to_text(std::span<const Impossible> impossible) {
  std::map<std::string, std::size_t> reasons;
  for (const Impossible& cell : impossible) ++reasons[cell.reason];
  std::string text;
  for (const auto& [reason, count] : reasons)
    text += "impossible, " + counted(count, "cell") + ": " + reason + "\n";
  return text;
}

std::string to_text(const Forecast& forecast) {
  Facts facts;
  facts.add("cells", with_commas(forecast.cells));
  facts.add("trials", with_commas(forecast.file.plan.jobs.size()));
  add_widths(forecast.file.plan, facts);
  facts.add("training images", with_commas(static_cast<unsigned long long>(forecast.images)));
  facts.add("operations", in_digits(forecast.flops / 1e15) + " PFLOP");
  add_time(forecast, facts);
  add_space(forecast, facts);
  return facts.text();
}

}  // namespace titrate::sweep
