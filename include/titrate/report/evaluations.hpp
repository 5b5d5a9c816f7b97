// What later tests of kept networks found: evaluations.csv, and a table for the terminal.
#pragma once

#include <string>
#include <vector>

#include "titrate/sweep/evaluate.hpp"

namespace titrate::report {

// One row per network, dataset and condition, in the order given.
std::string evaluations_csv(const std::vector<sweep::Evaluation>& evaluations);

// Means over seeds with 95 % t intervals, one line per cell, dataset and condition.
std::string evaluations_table(const std::vector<sweep::Evaluation>& evaluations);

}  // namespace titrate::report
