// What the validation loss decides: the learning rate of a plateau, when to stop, which weights are the best.
// Test data decides nothing.
#pragma once

#include <cstdint>
#include <limits>

#include "titrate/train/learning_rate.hpp"

namespace titrate::train {

struct ValidationWatch {
  Plateau plateau{};
  double best_loss = std::numeric_limits<double>::infinity();
  std::uint32_t best_epoch = 0;  // from 1; 0: none yet
  std::uint32_t bad_epochs = 0;  // since then

  // After an epoch (from 1). True where its loss is the lowest so far; a tie is none, as in Keras's
  // EarlyStopping.
  bool update(double loss, std::uint32_t epoch, const study::TrainSettings& settings);

  bool stops(const study::TrainSettings& settings) const {
    return settings.early_stopping > 0 && bad_epochs >= settings.early_stopping;
  }
};

// Whether the settings ask something of validation images.
inline bool needs_validation(const study::TrainSettings& settings) {
  return settings.schedule == study::Schedule::plateau || settings.early_stopping > 0 ||
         settings.best_weights;
}

}  // namespace titrate::train
