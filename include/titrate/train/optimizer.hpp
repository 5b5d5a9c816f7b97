// Optimisers over flat buffers in host memory. They know numbers, not networks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "titrate/study/train_settings.hpp"

namespace titrate::train {

// The number of buffers that an optimizer remembers, each as long as the parameters: sgd's velocity (none
// without momentum); adam's two moments.
std::size_t moment_count(const study::TrainSettings& settings);

// As torch.optim.SGD, Adam and AdamW (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019)
// with the settings' momentum, nesterov, betas, epsilon and weight_decay.
class Optimizer {
 public:
  Optimizer(const study::TrainSettings& settings, std::size_t count);

  // All spans are `count` long.
  void step(std::span<float> parameters, std::span<const float> gradients, double learning_rate);

  // What it remembers: moment_count() buffers, each `count` long.
  const std::vector<std::vector<float>>& moments() const { return moments_; }
  std::uint64_t steps() const { return steps_; }
  void restore(std::vector<std::vector<float>> moments, std::uint64_t steps);

 private:
  study::TrainSettings settings_;
  std::vector<std::vector<float>> moments_;
  std::vector<float> decayed_;  // gradients of a step, with weight decay
  std::uint64_t steps_ = 0;
};

}  // namespace titrate::train
