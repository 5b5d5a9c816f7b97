#include "titrate/train/optimizer.hpp"

#include <cmath>

#include "titrate/core/error.hpp"

namespace titrate::train {
namespace {

struct Buffers {
  std::span<float> parameters;
  std::span<const float> gradients;
};

void descend(const Buffers& buffers, float rate) {
  const std::size_t count = buffers.parameters.size();
  float* parameters = buffers.parameters.data();
  const float* gradients = buffers.gradients.data();
  for (std::size_t i = 0; i < count; ++i) parameters[i] -= rate * gradients[i];
}

void descend_with_momentum(const Buffers& buffers, float rate, float momentum,
                           std::vector<float>& velocities) {
  const std::size_t count = buffers.parameters.size();
  float *parameters = buffers.parameters.data(), *velocity = velocities.data();
  const float* gradients = buffers.gradients.data();
  for (std::size_t i = 0; i < count; ++i) {
    velocity[i] = momentum * velocity[i] + gradients[i];
    parameters[i] -= rate * velocity[i];
  }
}

// Looks ahead by one more step of momentum.
void descend_nesterov(const Buffers& buffers, float rate, float momentum, std::vector<float>& velocities) {
  const std::size_t count = buffers.parameters.size();
  float *parameters = buffers.parameters.data(), *velocity = velocities.data();
  const float* gradients = buffers.gradients.data();
  for (std::size_t i = 0; i < count; ++i) {
    velocity[i] = momentum * velocity[i] + gradients[i];
    parameters[i] -= rate * (gradients[i] + momentum * velocity[i]);
  }
}

// Kingma and Ba, "Adam", 2014, with epsilon where PyTorch has it.
void descend_adam(const Buffers& buffers, double rate, const study::TrainSettings& settings,
                  std::uint64_t steps, std::vector<std::vector<float>>& moments) {
  const std::size_t count = buffers.parameters.size();
  float *parameters = buffers.parameters.data(), *first = moments[0].data(), *second = moments[1].data();
  const float* gradients = buffers.gradients.data();
  const auto correction = [&](double beta) { return 1 - std::pow(beta, static_cast<double>(steps)); };
  const auto rate1 = static_cast<float>(rate / correction(settings.beta1)),
             root2 = static_cast<float>(std::sqrt(correction(settings.beta2))),
             share1 = static_cast<float>(1 - settings.beta1), beta2 = static_cast<float>(settings.beta2),
             share2 = static_cast<float>(1 - settings.beta2), epsilon = static_cast<float>(settings.epsilon);
  for (std::size_t i = 0; i < count; ++i) {
    first[i] += share1 * (gradients[i] - first[i]);
    second[i] = beta2 * second[i] + share2 * gradients[i] * gradients[i];
    parameters[i] -= rate1 * first[i] / (std::sqrt(second[i]) / root2 + epsilon);
  }
}

}  // namespace

std::size_t moment_count(const study::TrainSettings& settings) {
  if (settings.optimizer != study::OptimizerKind::sgd) return 2;
  return settings.momentum != 0 ? 1 : 0;
}

Optimizer::Optimizer(const study::TrainSettings& settings, std::size_t count)
    : settings_(settings), moments_(moment_count(settings), std::vector<float>(count)) {}

void Optimizer::step(std::span<float> parameters, std::span<const float> gradients, double learning_rate) {
  ++steps_;
  const auto rate = static_cast<float>(learning_rate), momentum = static_cast<float>(settings_.momentum);
  if (settings_.weight_decay != 0 && settings_.optimizer == study::OptimizerKind::adamw) {
    const auto kept = static_cast<float>(1 - learning_rate * settings_.weight_decay);
    for (float& parameter : parameters) parameter *= kept;
  } else if (settings_.weight_decay != 0) {
    const auto decay = static_cast<float>(settings_.weight_decay);
    decayed_.resize(gradients.size());
    for (std::size_t i = 0; i < decayed_.size(); ++i) decayed_[i] = gradients[i] + decay * parameters[i];
    gradients = decayed_;
  }
  const Buffers buffers{parameters, gradients};
  if (settings_.optimizer != study::OptimizerKind::sgd) {
    descend_adam(buffers, learning_rate, settings_, steps_, moments_);
  } else if (moments_.empty()) {
    descend(buffers, rate);
  } else if (settings_.nesterov) {
    descend_nesterov(buffers, rate, momentum, moments_[0]);
  } else {
    descend_with_momentum(buffers, rate, momentum, moments_[0]);
  }
}

void Optimizer::restore(std::vector<std::vector<float>> moments, std::uint64_t steps) {
  bool fits = moments.size() == moments_.size();
  for (std::size_t i = 0; fits && i < moments.size(); ++i) fits = moments[i].size() == moments_[i].size();
  if (!fits)
    throw Error({.code = ErrorCode::internal, .where = "optimizer", .what = "moments of other parameters"});
  moments_ = std::move(moments);
  steps_ = steps;
}

}  // namespace titrate::train
