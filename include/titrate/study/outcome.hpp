// What came of one trial.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "titrate/image/noise.hpp"
#include "titrate/study/metrics.hpp"

namespace titrate::study {

struct EpochRecord {
  double train_loss = 0, train_accuracy = 0;
  std::optional<double> validation_loss{}, validation_accuracy{};
  double learning_rate = 0;  // of its last step
};

struct ConditionRecord {
  image::Noise noise{};
  Tally tally{};
};

// A number that was finite no longer.
struct Divergence {
  std::uint64_t step = 0;  // from 1
  std::string quantity{};  // "training loss", "validation loss", "test loss"
};

struct TrialOutcome {
  std::optional<Divergence> diverged{};  // then conditions are empty
  std::uint64_t train_images = 0;
  std::uint64_t steps = 0;
  std::uint32_t best_epoch = 0;  // from 1, by validation loss; 0: there was no validation
  std::vector<EpochRecord> epochs{};
  std::vector<ConditionRecord> conditions{};
  double train_seconds = 0, test_seconds = 0;
};

}  // namespace titrate::study
