// train::Optimizer on any device, by LibTorch's fused kernels: one launch a step.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "titrate/study/train_settings.hpp"

namespace titrate::engine_torch {

class FusedOptimizer {
 public:
  // `parameters` is flat; what is remembered lies on its device.
  FusedOptimizer(const study::TrainSettings& settings, const at::Tensor& parameters);

  void step(const at::Tensor& parameters, const at::Tensor& gradients, double learning_rate);

  // As train::Optimizer's.
  std::vector<std::vector<float>> moments() const;
  std::uint64_t steps() const { return steps_; }
  void restore(const std::vector<std::vector<float>>& moments, std::uint64_t steps);

 private:
  study::TrainSettings settings_;
  std::vector<at::Tensor> moments_;
  at::Tensor step_count_;  // where the kernels of adam read it
  std::uint64_t steps_ = 0;
};

}  // namespace titrate::engine_torch
