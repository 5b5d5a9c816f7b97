// What a trial costs, before it runs.
#pragma once

#include <cstdint>

#include "titrate/data/catalog.hpp"
#include "titrate/train/trainer.hpp"

namespace titrate::sweep {

// Where validation ends a trial early, it costs less.
struct TrialCost {
  std::uint64_t train_images = 0;  // per epoch
  std::uint64_t steps = 0;
  std::uint64_t seen = 0;    // training images, each as often as it is seen
  std::uint64_t images = 0;  // the same, with those of validation and test at a third of their number
  double flops = 0;
};

TrialCost trial_cost(const train::TrialSetup& setup, const shard::Manifest& manifest);

// Seconds to train on one image, measured on this rank for `seconds` or so.
double probe_seconds_per_image(const train::TrialSetup& setup, const data::Dataset& dataset,
                               const train::EngineLibrary& engines, double seconds);

}  // namespace titrate::sweep
