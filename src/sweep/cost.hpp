// What a trial costs, before it runs: time, memory, disk.
#pragma once

#include <cstdint>
#include <string>

#include "titrate/data/catalog.hpp"
#include "titrate/dispatch/plan.hpp"
#include "titrate/study/study.hpp"
#include "titrate/sweep/weights.hpp"
#include "titrate/train/trainer.hpp"

namespace titrate::sweep {

// Where validation ends a trial early, it costs less.
struct TrialCost {
  std::uint64_t train_images = 0;  // of the selection
  std::uint64_t epochs = 0, steps = 0;
  std::uint64_t seen = 0;    // training images, each as often as it is seen
  std::uint64_t images = 0;  // the same, with those of validation and test at a third of their number
  double flops = 0;
};

TrialCost trial_cost(const train::TrialSetup& setup, const shard::Manifest& manifest);

// Seconds to train on one image, measured on this rank and `device` for `seconds` or so.
double probe_seconds_per_image(const train::TrialSetup& setup, const data::Dataset& dataset,
                               const train::EngineLibrary& engines, const comm::Device& device,
                               double seconds);

// What make_plan() is told of a trial. `setup` is make_setup() of its settings; `seconds_per_image` was
// probed, or is any number to scale the costs by.
dispatch::PlannedJob planned_trial(const study::Trial& trial, const train::TrialSetup& setup,
                                   const shard::Manifest& manifest, double seconds_per_image);

// What a trial holds where it computes, besides what the program takes anyhow: its parameters in all their
// copies, the activations of a part of a batch, the batch. Estimated; bytes.
std::uint64_t training_bytes(const train::TrialSetup& setup);

// A rank's share of host memory before it trains: the program with LibTorch and its libraries. Bytes.
std::uint64_t program_bytes(comm::DeviceKind device);

// What a finished trial leaves on disk: a line of the journal, predictions, and weights where they are kept
// (for `best` too, which removes all but the best only when the sweep ends). Bytes.
std::uint64_t trial_disk_bytes(const train::TrialSetup& setup, const shard::Manifest& manifest, Keep keep);

// Of one running trial, at most: two of its checkpoints and the one being written. Bytes.
std::uint64_t checkpoint_disk_bytes(const train::TrialSetup& setup);

}  // namespace titrate::sweep
