// How a network is trained: the `train.*` keys of a study.
#pragma once

#include <cstdint>
#include <string>

namespace titrate::train {

struct TrainSettings {
  std::uint32_t epochs = 3;
  std::uint32_t batch_size = 64;  // global, over the whole group
  std::string optimizer = "sgd";
  double learning_rate = 0.01;
  double momentum = 0.0;
  double validation_fraction = 0.0;
  std::uint32_t micro_batches = 1;  // fixed parts of a batch; a power of two that the group's width divides
};

}  // namespace titrate::train
