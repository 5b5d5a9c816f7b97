// The learning rate of each step.
#pragma once

#include <cstdint>
#include <limits>

#include "titrate/study/train_settings.hpp"

namespace titrate::train {

// Where a step stands in its trial.
struct Place {
  std::uint64_t step = 0, total_steps = 1;  // of the trial
  std::uint32_t epoch = 0;
};

// Of the schedules that know it beforehand; of "plateau" the rate before any drop. PyTorch's formulas:
//   step       StepLR, by epochs: learning_rate x factor^(epoch / schedule_epochs)
//   cosine     CosineAnnealingLR, by steps, down to 0 after the last
//   one_cycle  OneCycleLR, by steps: from a 25th up to learning_rate in 30 % of the steps, then down to a
//              250,000th, both along a cosine; the momentum stays as it is (cycle_momentum=False)
double scheduled_rate(const study::TrainSettings& settings, const Place& place);

// PyTorch's ReduceLROnPlateau on the validation loss (mode min, relative threshold 1e-4, no cooldown; a drop
// of 1e-8 or less is none).
struct Plateau {
  double scale = 1;  // of the learning rate
  double best = std::numeric_limits<double>::infinity();
  std::uint32_t bad_epochs = 0;

  void update(double validation_loss, const study::TrainSettings& settings);
};

}  // namespace titrate::train
