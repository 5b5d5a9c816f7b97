// The cost of a trial before it runs: time, memory, disk.
#pragma once

#include <cstdint>

#include "titrate/data/catalog.hpp"
#include "titrate/dispatch/plan.hpp"
#include "titrate/study/study.hpp"
#include "titrate/sweep/weights.hpp"
#include "titrate/train/engines.hpp"
#include "titrate/train/trainer.hpp"

namespace titrate::sweep {

// An upper bound where validation may end the trial early.
struct TrialCost {
  std::uint64_t train_images = 0;  // of the selection
  std::uint64_t epochs = 0, steps = 0;
  std::uint64_t seen = 0;    // training images, each as often as it is seen
  std::uint64_t images = 0;  // the same, with those of validation and test at a third of their number
  double flops = 0;
};

TrialCost trial_cost(const train::TrialSetup& setup, const shard::Manifest& manifest);

// Seconds to train on one image, measured on this rank and `device` for about `seconds`.
double probe_seconds_per_image(const train::TrialSetup& setup, const data::Dataset& dataset,
                               const train::Engines& engines, const comm::Device& device, double seconds);

// The trial as a job for make_plan(). `setup` is make_setup() of its settings; `seconds_per_image` was
// probed, or is any number to scale the costs by.
dispatch::PlannedJob planned_trial(const study::Trial& trial, const train::TrialSetup& setup,
                                   const shard::Manifest& manifest, double seconds_per_image);

// Estimated bytes of a trial on its device, beside those of the program: all copies of its parameters, the
// activations of a part of a batch, the batch.
std::uint64_t training_bytes(const train::TrialSetup& setup);

// Bytes of host memory of a rank before it trains: the program with LibTorch and its libraries.
std::uint64_t program_bytes(comm::DeviceKind device);

// Bytes that a finished trial leaves on disk: a line of the journal, predictions, and weights where they are
// kept (also for `best`, since the others are removed only when the sweep ends).
std::uint64_t trial_disk_bytes(const train::TrialSetup& setup, const shard::Manifest& manifest, Keep keep);

// Bytes of the checkpoints of a running trial, at most: two, and the one being written.
std::uint64_t checkpoint_disk_bytes(const train::TrialSetup& setup);

}  // namespace titrate::sweep
