// How a network is trained: the `train.*` keys of a study.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace titrate::study {

struct TrainSettings {
  std::string budget = "epochs";  // what is given: passes over the selection, or optimisation steps
  std::uint32_t epochs = 3;
  std::uint32_t steps = 0;        // with budget "steps"
  std::uint32_t batch_size = 64;  // global, over the whole group
  std::string optimizer = "sgd";  // sgd, adam, adamw
  double learning_rate = 0.01;    // the largest that the schedule gives
  double momentum = 0.0;          // of sgd
  bool nesterov = false;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  // of adam and adamw
  double weight_decay = 0.0;                          // as PyTorch's: of every parameter, by the optimizer
  std::string schedule = "constant";                  // constant, step, cosine, one_cycle, plateau
  std::uint32_t schedule_epochs = 10;                 // step: epochs between two drops
  double schedule_factor = 0.1;                       // step, plateau: what a drop multiplies by
  std::uint32_t schedule_patience = 10;               // plateau: epochs without a better validation loss
  std::uint32_t early_stopping = 0;                   // epochs without a better validation loss; 0: never
  bool best_weights = false;                          // of the epoch with the best validation loss
  double label_smoothing = 0.0;
  std::string class_weights = "none";  // none, balanced
  double clip_norm = 0.0;              // of the whole gradient; 0: not clipped
  std::string initial = "pytorch";     // pytorch, he, xavier, lecun
  std::vector<std::string> augment{};  // image operations, drawn anew each epoch
  std::string precision = "float32";   // float32, bf16
  double validation_fraction = 0.0;
  std::uint32_t micro_batches = 1;  // fixed parts of a batch; a power of two that the group's width divides
  std::string reduction =
      "fast";  // how a group sums: fast (NCCL's own order on GPUs), tree (one fixed order)
};

}  // namespace titrate::study
