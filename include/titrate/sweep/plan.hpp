// Which trials run alone and which on several ranks together: a pure function of what they cost.
//
// One rank per trial, while there are enough trials. A trial that would still run when all others are done
// goes to a wide group, if its train.micro_batches allow one. Wide groups are formed once, at the start; each
// takes trials of its width, longest first, and then dissolves into single ranks, which take the rest.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace titrate::sweep {

struct PlannedTrial {
  std::string trial{};
  double seconds = 0;           // on one rank, in any unit
  double exchange_seconds = 0;  // what all its steps' sums take between two ranks, in the same unit
  int most_ranks = 1;           // its micro_batches: a power of two
  int width = 1;                // what the plan chose
};

// How long it runs on `width` ranks, a power of two: its share of the computation, which loses a little with
// each halving of the parts, and the exchange.
double seconds_at(const PlannedTrial& trial, int width);

// The ranks of a node, in the order in which groups take them.
struct NodeRanks {
  std::vector<int> ranks{};  // world ranks
  int devices = 1;           // on how many devices they compute: the first so many ranks have one each
};

struct Plan {
  std::vector<std::vector<int>> groups{};  // world ranks of each wide group, its leader first
  std::vector<PlannedTrial> trials{};      // longest at its width first; equal ones in the order given
  int ranks = 0;
  double ideal_seconds = 0;     // max(sum / ranks, longest at its best width), as if width cost nothing
  double least_seconds = 0;     // in which the ranks can do the work, each trial at its cheapest width that
                                // ends within it: nothing can be faster
  double makespan_seconds = 0;  // as simulated
};

// `width` 0 lets the plan choose: of many mixes of widths the one that ends first, on average, when costs are
// wrong by up to a tenth; any other gives every trial a group of that width. Throws Error (usage)
// where a fixed width does not divide the ranks or the micro_batches of a trial.
Plan make_plan(std::vector<PlannedTrial> trials, std::span<const NodeRanks> nodes, int width);

// When the last trial ends, if each takes `factors` times what was planned (by trial of the plan; empty: as
// planned), handed out as the dispatcher does.
double simulate(const Plan& plan, std::span<const double> factors);

// The same for ranks that take the trials one by one in the order given, alone: what a simple job array does.
double simulate_in_order(std::span<const PlannedTrial> trials, int ranks);

}  // namespace titrate::sweep
