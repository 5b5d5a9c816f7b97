// What a study's trials need: their cost, and whether they can run at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "titrate/data/catalog.hpp"
#include "titrate/sweep/study.hpp"
#include "titrate/train/trainer.hpp"

namespace titrate::sweep {

// The study of a file with its overrides and what its dataset's manifest says: fingerprint, class names,
// absolute folder. Throws Error: usage where no dataset is named or there; what read_study and read_manifest
// throw.
Study resolve_study(const std::filesystem::path& file, const StudyOverrides& overrides);

// Where validation ends a trial early, it costs less.
struct TrialCost {
  std::uint64_t train_images = 0;  // per epoch
  std::uint64_t steps = 0;
  std::uint64_t seen = 0;    // training images, each as often as it is seen
  std::uint64_t images = 0;  // the same, with those of validation and test at a third of their number
  double flops = 0;
};

TrialCost trial_cost(const train::TrialSetup& setup, const shard::Manifest& manifest);

// A cell's settings that differ from the defaults: "data.size=100 train.epochs=5".
std::string describe_cell(const Settings& settings);

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

// Seconds to train on one image, measured on this rank for `seconds` or so.
double probe_seconds_per_image(const train::TrialSetup& setup, const data::Dataset& dataset,
                               const train::EngineLibrary& engines, double seconds);

}  // namespace titrate::sweep
