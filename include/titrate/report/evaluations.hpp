// What later tests of kept networks found: evaluations.csv, and a table for the terminal.
#pragma once

#include <string>
#include <vector>

#include "titrate/study/evaluations.hpp"
#include "titrate/study/study.hpp"

namespace titrate::report {

// One row per network, dataset and condition, in the order given.
std::string evaluations_csv(const std::vector<study::Evaluation>& evaluations);

// Means over seeds with 95 % t intervals, one line per cell, dataset and condition. A cell is called by the
// levels of the study's axes.
std::string evaluations_table(const study::Study& study, const std::vector<study::Evaluation>& evaluations);

}  // namespace titrate::report
