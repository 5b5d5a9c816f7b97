#include "titrate/dispatch/plan.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <compare>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <queue>
#include <set>
#include <utility>

#include "group_layout.hpp"
#include "titrate/comm/rank.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/random.hpp"
#include "work_queue.hpp"

namespace titrate::dispatch {
namespace {

// Two ranks without the exchange were measured at 1.92 times one: the optimizer's step and the start of each
// operation are not halved.
constexpr double kLossPerHalving = 1.04;

// Between two makespans that are tried.
constexpr double kStep = 1.005;

// What another plan must gain over one that was found before: costs are not known more closely.
constexpr double kLeastGain = 0.001;

// A plan is scored with costs that are wrong by up to this share, as real ones are: a job that fills the
// whole makespan gets no credit for an exactly known duration.
constexpr double kDoubt = 0.1;
constexpr std::uint64_t kJudges = 4;

constexpr double kPrecision = 1e-4;  // of the least makespan

// What a plan is made for.
struct Goal {
  double makespan = 0;  // of the wide jobs of every group
  double longest = 0;   // duration that a job may have
  int width = 1;        // least width of the jobs that would take longer than `from` on one rank
  double from = 0;
};

// A job that takes most of the makespan leaves its ranks idle time that is hard to fill. Shorter jobs fill
// better, and so do groups that take many, but width costs work: so many mixes are tried.
std::vector<Goal> goals(double makespan, int widest) {
  std::vector<Goal> goals;
  for (const double longest : {1.0, 0.9, 0.8, 0.7, 0.6, 0.5}) {
    goals.push_back({.makespan = makespan, .longest = longest * makespan});
    for (int width = 2; width <= widest; width *= 2) {
      for (const double from : {0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6})
        goals.push_back({makespan, longest * makespan, width, from * makespan});
    }
  }
  return goals;
}

// A plan without the ranks of its groups.
struct Shape {
  std::vector<int> widths{};                    // of the longest jobs, longest first; all others have width 1
  std::map<int, int, std::greater<>> groups{};  // how many of each width, the widest first
  auto operator<=>(const Shape&) const = default;
};

// When the last of `seconds` ends, each in its turn on the first of `count` that is free.
double list_makespan(std::span<const double> seconds, int count) {
  std::priority_queue<double, std::vector<double>, std::greater<>> free_at;
  for (int i = 0; i < count; ++i) free_at.push(0);
  double last = 0;
  for (const double duration : seconds) {
    const double end = free_at.top() + duration;
    free_at.pop();
    free_at.push(end);
    last = std::max(last, end);
  }
  return last;
}

// The fewest groups that work the durations off within `makespan`, longest first.
int fewest_groups(std::span<const double> seconds, double makespan) {
  const double work = std::accumulate(seconds.begin(), seconds.end(), 0.0);
  int high = static_cast<int>(seconds.size()), low = std::clamp(static_cast<int>(work / makespan), 1, high);
  while (low < high) {
    const int middle = (low + high) / 2;
    if (list_makespan(seconds, middle) > makespan) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return high;
}

// A group at work in a simulation; a rank alone is one too.
struct SimulatedGroup {
  double free_at = 0;
  int order = 0;
  int width = 1;
};

struct LaterFirst {
  bool operator()(const SimulatedGroup& a, const SimulatedGroup& b) const {
    return std::pair(a.free_at, a.order) > std::pair(b.free_at, b.order);
  }
};

int count_ranks(std::span<const NodeRanks> nodes) {
  int ranks = 0;
  for (const NodeRanks& node : nodes) ranks += comm::ranks_in(node.ranks);
  return ranks;
}

int most_ranks(std::span<const PlannedJob> jobs) {
  int most = 1;
  for (const PlannedJob& job : jobs) most = std::max(most, job.most_ranks);
  return most;
}

// Makes plans of the same jobs for the same ranks.
class Planner {
 public:
  Planner(std::vector<PlannedJob> jobs, std::span<const NodeRanks> nodes)
      : jobs_(std::move(jobs)),
        nodes_(nodes),
        ranks_(count_ranks(nodes)),
        widest_(std::min(GroupLayout(nodes).widest(), most_ranks(jobs_))) {
    std::stable_sort(jobs_.begin(), jobs_.end(),
                     [](const PlannedJob& a, const PlannedJob& b) { return a.seconds > b.seconds; });
    for (const PlannedJob& job : jobs_) seconds_.push_back(seconds_of(job));
    double work = 0, longest = 0;
    for (const std::vector<double>& seconds : seconds_) {
      work += seconds[0];
      longest = std::max(longest, *std::min_element(seconds.begin(), seconds.end()));
    }
    ideal_ = std::max(work / ranks_, longest);
    least_ = least_makespan();
  }

  Plan all_of_width(int width) const {
    std::vector<std::vector<int>> groups;
    if (width > 1) {
      std::vector<int> all;
      for (const NodeRanks& node : nodes_) all.insert(all.end(), node.ranks.begin(), node.ranks.end());
      for (auto first = all.begin(); first != all.end(); first += width)
        groups.emplace_back(first, first + width);
    }
    return finish(std::vector<int>(jobs_.size(), width), std::move(groups));
  }

  Plan best() const {
    Plan best = all_of_width(1);
    double score = judge(best);
    std::set<Shape> tried;
    for (double makespan = least_; makespan < score * (1 - kLeastGain); makespan *= kStep) {
      for (const Goal& goal : goals(makespan, widest_)) {
        const auto [shape, is_new] = tried.insert(shape_for(goal));
        if (is_new) improve(best, score, *shape);
      }
    }
    return best;
  }

 private:
  // At width 1, 2, 4, ... up to its most.
  std::vector<double> seconds_of(const PlannedJob& job) const {
    std::vector<double> seconds;
    for (int width = 1; width <= std::min(widest_, job.most_ranks); width *= 2)
      seconds.push_back(seconds_at(job, width));
    return seconds;
  }

  // The width at which the job ends within `longest` and takes the least of the ranks; the fastest one
  // where none does.
  int width_within(std::size_t job, double longest) const {
    const std::vector<double>& seconds = seconds_[job];
    const auto fits = [&](double s) { return s <= longest; };
    auto place = std::find_if(seconds.begin(), seconds.end(), fits);
    if (place == seconds.end()) place = std::min_element(seconds.begin(), seconds.end());
    return 1 << (place - seconds.begin());
  }

  double work_within(double makespan) const {
    double work = 0;
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      const int width = width_within(i, makespan);
      work += width * seconds_at(jobs_[i], width);
    }
    return work;
  }

  double least_makespan() const {
    const auto fits = [this](double makespan) { return work_within(makespan) <= ranks_ * makespan; };
    double low = ideal_, high = ideal_;
    while (!fits(high)) high *= 2;
    while (high - low > kPrecision * low) {
      const double middle = (low + high) / 2;
      (fits(middle) ? high : low) = middle;
    }
    return high;
  }

  // The widths of the jobs that are long enough for more than one rank, and as few groups as they need.
  Shape shape_for(const Goal& goal) const {
    const double alone = goal.width > 1 ? std::min(goal.from, goal.longest) : goal.longest;
    Shape shape;
    std::map<int, std::vector<double>> wide;
    for (std::size_t i = 0; i < jobs_.size() && jobs_[i].seconds > alone; ++i) {
      const int most = 1 << (seconds_[i].size() - 1);
      shape.widths.push_back(std::max(width_within(i, goal.longest), std::min(goal.width, most)));
      if (shape.widths[i] > 1) wide[shape.widths[i]].push_back(seconds_at(jobs_[i], shape.widths[i]));
    }
    for (auto& [width, seconds] : wide) {
      std::sort(seconds.begin(), seconds.end(), std::greater<>());
      shape.groups[width] = fewest_groups(seconds, goal.makespan);
    }
    return shape;
  }

  // Puts a plan of this shape in place of `best` where it is better.
  void improve(Plan& best, double& best_score, const Shape& shape) const {
    const std::optional<std::vector<std::vector<int>>> groups = lay_out(shape.groups);
    if (!groups) return;
    std::vector<int> widths = shape.widths;
    widths.resize(jobs_.size(), 1);
    Plan plan = finish(widths, *groups);
    if (plan.makespan_seconds >= best_score) return;
    const double score = judge(plan);
    if (score > best_score * (1 - kLeastGain)) return;
    best = std::move(plan);
    best_score = score;
  }

  // Nothing where the groups find no place.
  std::optional<std::vector<std::vector<int>>> lay_out(
      const std::map<int, int, std::greater<>>& counts) const {
    std::vector<std::vector<int>> groups;
    GroupLayout layout(nodes_);
    int ranks = 0;
    for (const auto& [width, count] : counts) ranks += width * count;
    if (ranks > ranks_) return std::nullopt;
    for (auto [width, count] : counts) {
      for (; count > 0; --count) {
        std::optional<std::vector<int>> group = layout.take(width);
        if (!group) return std::nullopt;
        groups.push_back(*std::move(group));
      }
    }
    return groups;
  }

  Plan finish(const std::vector<int>& widths, std::vector<std::vector<int>> groups) const {
    std::vector<std::pair<double, std::size_t>> order;
    for (std::size_t i = 0; i < jobs_.size(); ++i) order.emplace_back(-seconds_at(jobs_[i], widths[i]), i);
    std::sort(order.begin(), order.end());
    Plan plan{.groups = std::move(groups), .ranks = ranks_, .ideal_seconds = ideal_, .least_seconds = least_};
    plan.jobs.reserve(jobs_.size());
    for (const auto& [seconds, i] : order) {
      plan.jobs.push_back(jobs_[i]);
      plan.jobs.back().width = widths[i];
    }
    plan.makespan_seconds = simulate(plan, {});
    return plan;
  }

  double judge(const Plan& plan) const {
    std::vector<double> factors(plan.jobs.size());
    double sum = 0;
    for (std::uint64_t judge = 0; judge < kJudges; ++judge) {
      for (std::size_t i = 0; i < factors.size(); ++i)
        factors[i] = 1 - kDoubt + 2 * kDoubt * std::ldexp(static_cast<double>(hash_words(judge, i)), -64);
      sum += simulate(plan, factors);
    }
    return sum / kJudges;
  }

  std::vector<PlannedJob> jobs_;  // longest first; equal ones in the order given
  std::span<const NodeRanks> nodes_;
  int ranks_, widest_;
  std::vector<std::vector<double>> seconds_{};  // by job, then by halving
  double ideal_ = 0, least_ = 0;
};

void check_width(std::span<const PlannedJob> jobs, int ranks, int width) {
  if (width < 1 || ranks % width != 0) {
    throw Error({.code = ErrorCode::usage,
                 .where = "--width",
                 .what = "does not divide the number of ranks",
                 .expected = "a divisor of " + std::to_string(ranks),
                 .got = std::to_string(width)});
  }
  for (const PlannedJob& job : jobs) {
    if (job.most_ranks % width == 0) continue;
    throw Error({.code = ErrorCode::usage,
                 .where = "--width",
                 .what = "does not divide train.micro_batches, so the result would depend on it",
                 .expected = "a divisor of " + std::to_string(job.most_ranks),
                 .got = std::to_string(width),
                 .hint = std::has_single_bit(static_cast<unsigned>(width))
                             ? "--set train.micro_batches=" + std::to_string(width)
                             : "choose a power of two"});
  }
}

}  // namespace

double seconds_at(const PlannedJob& job, int width) {
  double computing = job.seconds, exchanging = 0;
  for (int part = 1; part < width; part *= 2) {
    computing *= kLossPerHalving / 2;
    exchanging += job.exchange_seconds;
  }
  return computing + exchanging;
}

Plan make_plan(std::vector<PlannedJob> jobs, std::span<const NodeRanks> nodes, int width) {
  if (width != 0) check_width(jobs, count_ranks(nodes), width);
  const Planner planner(std::move(jobs), nodes);
  return width != 0 ? planner.all_of_width(width) : planner.best();
}

double simulate(const Plan& plan, std::span<const double> factors) {
  std::priority_queue<SimulatedGroup, std::vector<SimulatedGroup>, LaterFirst> groups;
  int alone = plan.ranks, order = 0;
  for (const std::vector<int>& group : plan.groups) {
    const int width = comm::ranks_in(group);
    groups.push({.order = order++, .width = width});
    alone -= width;
  }
  const auto add_alone = [&](int count, double time) {
    for (int i = 0; i < count; ++i) groups.push({.free_at = time, .order = order++});
  };
  add_alone(alone, 0);
  WorkQueue queue(plan.jobs, plan.ranks);
  double last = 0;
  while (!groups.empty()) {
    SimulatedGroup next = groups.top();
    groups.pop();
    const std::vector<std::size_t> list = queue.take(next.width);
    if (list.empty()) {
      if (next.width > 1) add_alone(next.width, next.free_at);
      continue;
    }
    for (const std::size_t i : list) {
      const PlannedJob& job = plan.jobs[i];
      next.free_at += seconds_at(job, job.width) * (factors.empty() ? 1.0 : factors[i]);
    }
    last = std::max(last, next.free_at);
    groups.push(next);
  }
  return last;
}

double simulate_in_order(std::span<const PlannedJob> jobs, int ranks) {
  std::vector<double> seconds;
  for (const PlannedJob& job : jobs) seconds.push_back(job.seconds);
  return list_makespan(seconds, ranks);
}

}  // namespace titrate::dispatch
