// Which jobs run on one rank and which on several together: a pure function of what they cost.
//
// Each job gets one rank while there are enough jobs. A job that would still run when all others are done
// goes to a wide group, if it can be split. Wide groups are formed once, at the start; each takes jobs of its
// width, longest first, and then dissolves into single ranks, which take the rest.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace titrate::dispatch {

struct PlannedJob {
  std::string id{};
  double seconds = 0;           // on one rank, in any unit
  double exchange_seconds = 0;  // that its exchange takes between two ranks, in the same unit
  int most_ranks = 1;           // a power of two
  int width = 1;                // ranks that the plan gives it
};

// The job's duration on `width` ranks, a power of two: its share of the computation, which loses a little
// with each halving, and the exchange.
double seconds_at(const PlannedJob& job, int width);

// The ranks of a node, in the order in which groups take them.
struct NodeRanks {
  std::vector<int> ranks{};  // world ranks
  int devices = 1;           // on how many devices they compute: the first so many ranks have one each
};

struct Plan {
  std::vector<std::vector<int>> groups{};  // world ranks of each wide group, its leader first
  std::vector<PlannedJob> jobs{};          // longest at its width first; equal ones in the order given
  int ranks = 0;
  double ideal_seconds = 0;  // max(sum / ranks, longest at its best width), as if width cost nothing
  double least_seconds = 0;  // lower bound of every plan: each job at its cheapest width that ends within it
  double makespan_seconds = 0;  // as simulated
};

// `width` 0 lets the plan choose: of many mixes of widths the one with the shortest makespan, on average,
// when costs are wrong by up to a tenth. Any other gives every job a group of that width. Throws Error
// (usage) where a fixed width does not divide the ranks or the most ranks of a job.
Plan make_plan(std::vector<PlannedJob> jobs, std::span<const NodeRanks> nodes, int width);

// The makespan, as the dispatcher hands jobs out, if each takes `factors` times its planned duration (by job
// of the plan; empty: as planned).
double simulate(const Plan& plan, std::span<const double> factors);

// The makespan of single ranks that take the jobs one by one in the order given: a simple job array.
double simulate_in_order(std::span<const PlannedJob> jobs, int ranks);

}  // namespace titrate::dispatch
