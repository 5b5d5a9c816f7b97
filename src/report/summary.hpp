// What a run found, cell by cell, and what its treatments did. Pure: a study and its records in, numbers out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "titrate/study/comparison.hpp"
#include "titrate/study/record.hpp"
#include "titrate/study/statistics.hpp"
#include "titrate/study/study.hpp"

namespace titrate::report {

// The test noise where a trial is tested under several levels: swept like an axis, though no key of a study.
inline constexpr const char* kTestNoise = "test_noise_level";

// The lists of test noises. As an axis it is a dimension of its own where two of its lists share a level.
inline constexpr const char* kTestLists = "evaluate.noise_levels";

struct Level {
  std::string text{};  // as a study has it, without quotes: "0.5", "simple-cnn"
  std::optional<double> number{};
};

// What has two or more values over the cells, the seed aside.
struct Dimension {
  std::string key{};
  std::vector<Level>
      levels{};  // numbers ascending (data.size = 0, which is all images, last), else as in the study

  bool numeric() const;
};

struct SeedResult {
  std::uint64_t seed = 0;
  std::vector<double> metrics{};  // of the test, in the order of study::metrics()
  double train_images = 0, steps = 0;
};

// Settings without their seed, under one test condition.
struct Cell {
  study::Settings settings{};  // the seed in it is that of the cell's first trial
  double test_noise_level = 0;
  std::vector<std::size_t> place{};  // its level on each dimension of the summary
  std::vector<SeedResult> seeds{};   // of the trials that are done, by seed
  std::size_t diverged = 0, failed = 0, missing = 0;
  std::vector<study::Estimate> metrics{};  // over the seeds, in the order of study::metrics()
  study::Estimate train_images{}, steps{};
  std::vector<std::uint64_t> confusion{};  // [true class][predicted class], summed over the seeds

  const study::Estimate& accuracy() const { return metrics[study::kTestAccuracy]; }
};

// After an epoch: means over the seeds that trained so long.
struct EpochMeans {
  std::size_t seeds = 0;
  double train_loss = 0, train_accuracy = 0;
  std::optional<double> validation_loss{}, validation_accuracy{};
};

// How the trials of a cell that are done went, whatever they were tested under.
struct LearningCurve {
  std::size_t cell = 0;  // the first of its conditions
  std::vector<EpochMeans> epochs{};
};

struct Problem {
  std::string trial{};
  std::size_t cell = 0;  // the first of its conditions
  std::uint64_t seed = 0;
  study::Status status = study::Status::failed;
  std::string reason{};
};

struct HostUse {
  std::set<int> world_ranks{};
  std::size_t trials = 0;
};

struct Provenance {
  std::set<std::string> versions{}, numerics{};
  std::set<std::uint64_t> seeds{};  // of the grid
  std::map<std::string, HostUse> hosts{};
  double compute_seconds = 0;  // wall time of each trial times the ranks that trained it
};

struct Summary {
  std::vector<Dimension> dimensions{};  // in the order of the study's axes
  std::vector<Cell> cells{};            // by place
  std::vector<study::Comparison>
      comparisons{};                    // indices are those of cells; the first one is the headline's
  std::vector<LearningCurve> curves{};  // in the order of their cells; those with a trial that is done
  std::vector<Problem> problems{};      // by trial id
  std::size_t planned = 0, done = 0, diverged = 0, failed = 0;
  Provenance provenance{};

  std::size_t missing() const { return planned - done - diverged - failed; }
  std::optional<std::size_t> dimension(const std::string& key) const;
  const study::Comparison* main_comparison() const;  // null where no treatment is swept
  std::size_t usual_seeds() const;  // the most of any cell: other numbers stand beside their cell

  // Whether some class has half as many test images again as another: then accuracy says little of the small
  // ones, and the macro averages stand beside it.
  bool unequal_classes() const;
};

// `present` is that of present_records().
Summary summarise(const study::Study& study, std::span<const study::Trial> grid,
                  const std::vector<const study::TrialRecord*>& present);

// summary.json. Only its member "timing" may differ between two runs of one study.
std::string summary_json(const study::Study& study, const Summary& summary);

}  // namespace titrate::report
