// Whether a study's trials can run at all, and whether all that it says is of use.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "titrate/data/catalog.hpp"
#include "titrate/study/study.hpp"

namespace titrate::sweep {

// A cell that cannot run, and why.
struct Impossible {
  study::Settings settings{};
  std::string reason{};
};

// Tries the set-up and the preparation of each cell.
std::vector<Impossible> impossible_cells(std::span<const study::Trial> trials, const data::Dataset& dataset);

// Throws Error (usage) with the first of the impossible cells.
void check_trials(std::span<const study::Trial> trials, const data::Dataset& dataset);

}  // namespace titrate::sweep
