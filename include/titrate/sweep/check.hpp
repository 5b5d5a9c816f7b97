// Whether a study's trials can run at all, and whether all that it says is of use.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "titrate/data/catalog.hpp"
#include "titrate/sweep/study.hpp"

namespace titrate::sweep {

// A cell's settings that differ from the defaults: "data.size=100 train.epochs=5".
std::string describe_cell(const Settings& settings);
std::string describe_trial(const Settings& settings);  // with the seed

// Keys that are not at their default in some trial, but of use in none: "train.steps" where every budget is
// one of epochs.
std::vector<std::string> keys_without_effect(std::span<const Trial> trials);

// The first trial of each cell: seeds change neither counts nor shapes, so it stands for all.
std::vector<Trial> one_of_each_cell(std::span<const Trial> trials);

// A cell that cannot run, and why.
struct Impossible {
  Settings settings{};
  std::string reason{};
};

// Tries the set-up and the preparation of each cell.
std::vector<Impossible> impossible_cells(std::span<const Trial> trials, const data::Dataset& dataset);

// Throws Error (usage) with the first of the impossible cells.
void check_trials(std::span<const Trial> trials, const data::Dataset& dataset);

}  // namespace titrate::sweep
