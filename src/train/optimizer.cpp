#include "titrate/train/optimizer.hpp"

namespace titrate::train {

Sgd::Sgd(std::size_t count, double momentum)
    : momentum_(static_cast<float>(momentum)), velocity_(momentum != 0 ? count : 0) {}

void Sgd::step(std::span<float> parameters, std::span<const float> gradients, double learning_rate) {
  const auto rate = static_cast<float>(learning_rate);
  if (velocity_.empty()) {
    for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i] -= rate * gradients[i];
    return;
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    velocity_[i] = momentum_ * velocity_[i] + gradients[i];
    parameters[i] -= rate * velocity_[i];
  }
}

}  // namespace titrate::train
