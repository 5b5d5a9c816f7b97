#include "fused_optimizer.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "flat.hpp"
#include "titrate/train/optimizer.hpp"

namespace titrate::engine_torch {

FusedOptimizer::FusedOptimizer(const study::TrainSettings& settings, const at::Tensor& parameters)
    : settings_(settings), step_count_(at::zeros({}, parameters.options().requires_grad(false))) {
  for (std::size_t i = 0; i < train::moment_count(settings); ++i)
    moments_.push_back(at::zeros_like(parameters));
}

void FusedOptimizer::step(const at::Tensor& parameters, const at::Tensor& gradients, double learning_rate) {
  const at::NoGradGuard no_grad;
  const study::TrainSettings& s = settings_;
  ++steps_;
  step_count_.fill_(static_cast<double>(steps_));
  // The velocity starts at 0, so the first step needs no branch of its own (is_first_step).
  if (s.optimizer == study::OptimizerKind::sgd) {
    at::_fused_sgd_(parameters, gradients, moments_, s.weight_decay, s.momentum, learning_rate,
                    /*dampening=*/0, s.nesterov, /*maximize=*/false, /*is_first_step=*/false);
    return;
  }
  const auto adam = [&](const auto& kernel) {
    kernel(at::TensorList(parameters), at::TensorList(gradients), at::TensorList(moments_[0]),
           at::TensorList(moments_[1]), at::TensorList(), at::TensorList(step_count_), learning_rate, s.beta1,
           s.beta2, s.weight_decay, s.epsilon, /*amsgrad=*/false, /*maximize=*/false);
  };
  if (s.optimizer == study::OptimizerKind::adamw) {
    adam([](auto&&... all) { at::_fused_adamw_(all...); });
  } else {
    adam([](auto&&... all) { at::_fused_adam_(all...); });
  }
}

std::vector<std::vector<float>> FusedOptimizer::moments() const {
  std::vector<std::vector<float>> copies;
  for (const at::Tensor& moment : moments_) copies.push_back(to_floats(moment));
  return copies;
}

void FusedOptimizer::restore(const std::vector<std::vector<float>>& moments, std::uint64_t steps) {
  for (std::size_t i = 0; i < moments_.size(); ++i) copy_floats(moments.at(i), moments_[i]);
  steps_ = steps;
}

}  // namespace titrate::engine_torch
