// Optimisers over flat buffers in host memory. They know numbers, not networks.
#pragma once

#include <span>
#include <vector>

namespace titrate::train {

// Stochastic gradient descent as PyTorch's torch.optim.SGD: v = momentum v + g; p -= learning_rate v.
class Sgd {
 public:
  Sgd(std::size_t count, double momentum);

  // All spans are `count` long.
  void step(std::span<float> parameters, std::span<const float> gradients, double learning_rate);

 private:
  float momentum_;
  std::vector<float> velocity_;  // empty without momentum
};

}  // namespace titrate::train
