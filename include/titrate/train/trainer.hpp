// One trial from its selection to its metrics.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "titrate/comm/communicator.hpp"
#include "titrate/data/selection.hpp"
#include "titrate/train/engine.hpp"

namespace titrate::train {

// The ranks that train a trial together, as one of them sees it.
struct Group {
  comm::Communicator* communicator = nullptr;  // null: this rank alone
  comm::Exchange* exchange = nullptr;
  comm::Device device{};

  std::size_t rank() const {
    return communicator == nullptr ? 0 : static_cast<std::size_t>(communicator->rank());
  }
  std::size_t size() const {
    return communicator == nullptr ? 1 : static_cast<std::size_t>(communicator->size());
  }
};

struct TrialSetup {
  net::Network network{};
  TrainSettings train{};
  data::SelectionRequest selection{};
  image::Noise train_noise{};
  std::vector<image::Noise> conditions{};  // one test of the trained network each
  std::uint64_t seed = 0;
};

struct EpochRecord {
  double train_loss = 0, train_accuracy = 0;
  std::optional<double> validation_loss{}, validation_accuracy{};
};

struct ConditionRecord {
  image::Noise noise{};
  Tally tally{};
};

struct TrialOutcome {
  bool diverged = false;  // the loss was no longer a finite number: conditions are empty
  std::uint64_t train_images = 0;
  std::uint64_t steps = 0;
  std::vector<EpochRecord> epochs{};
  std::vector<ConditionRecord> conditions{};
  double train_seconds = 0, test_seconds = 0;
};

// Collective over the group; every rank gets the same outcome (but for seconds). Throws Error.
TrialOutcome train_trial(const data::Dataset& dataset, const TrialSetup& setup, const Group& group,
                         const EngineLibrary& engines);

}  // namespace titrate::train
