// How a network is trained: the `train.*` keys of a study.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "titrate/core/choice.hpp"

namespace titrate::study {

enum class Budget { epochs, steps };  // what is given: passes over the selection, or optimisation steps
constexpr auto choices(Budget) {
  return choice_table<Budget>({{Budget::epochs, "epochs"}, {Budget::steps, "steps"}});
}

enum class OptimizerKind { sgd, adam, adamw };
constexpr auto choices(OptimizerKind) {
  return choice_table<OptimizerKind>(
      {{OptimizerKind::sgd, "sgd"}, {OptimizerKind::adam, "adam"}, {OptimizerKind::adamw, "adamw"}});
}

enum class Schedule { constant, step, cosine, one_cycle, plateau };
constexpr auto choices(Schedule) {
  return choice_table<Schedule>({{Schedule::constant, "constant"},
                                 {Schedule::step, "step"},
                                 {Schedule::cosine, "cosine"},
                                 {Schedule::one_cycle, "one_cycle"},
                                 {Schedule::plateau, "plateau"}});
}

enum class ClassWeights { none, balanced };
constexpr auto choices(ClassWeights) {
  return choice_table<ClassWeights>({{ClassWeights::none, "none"}, {ClassWeights::balanced, "balanced"}});
}

enum class Initial { pytorch, he, xavier, lecun };
constexpr auto choices(Initial) {
  return choice_table<Initial>({{Initial::pytorch, "pytorch"},
                                {Initial::he, "he"},
                                {Initial::xavier, "xavier"},
                                {Initial::lecun, "lecun"}});
}

enum class Precision { float32, bf16 };
constexpr auto choices(Precision) {
  return choice_table<Precision>({{Precision::float32, "float32"}, {Precision::bf16, "bf16"}});
}

enum class Reduction { fast, tree };  // how a group sums: NCCL's own order on GPUs, or one fixed order
constexpr auto choices(Reduction) {
  return choice_table<Reduction>({{Reduction::fast, "fast"}, {Reduction::tree, "tree"}});
}

struct TrainSettings {
  Budget budget = Budget::epochs;
  std::uint32_t epochs = 3;
  std::uint32_t steps = 0;        // with Budget::steps
  std::uint32_t batch_size = 64;  // global, over the whole group
  OptimizerKind optimizer = OptimizerKind::sgd;
  double learning_rate = 0.01;  // the largest that the schedule gives
  double momentum = 0.0;        // of sgd
  bool nesterov = false;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  // of adam and adamw
  double weight_decay = 0.0;                          // as PyTorch's: of every parameter, by the optimizer
  Schedule schedule = Schedule::constant;
  std::uint32_t schedule_epochs = 10;    // step: epochs between two drops
  double schedule_factor = 0.1;          // step, plateau: what a drop multiplies by
  std::uint32_t schedule_patience = 10;  // plateau: epochs without a better validation loss
  std::uint32_t early_stopping = 0;      // epochs without a better validation loss; 0: never
  bool best_weights = false;             // of the epoch with the best validation loss
  double label_smoothing = 0.0;
  ClassWeights class_weights = ClassWeights::none;
  double clip_norm = 0.0;  // of the whole gradient; 0: not clipped
  Initial initial = Initial::pytorch;
  std::vector<std::string> augment{};  // image operations, drawn anew each epoch
  Precision precision = Precision::float32;
  double validation_fraction = 0.0;
  std::uint32_t micro_batches = 1;  // fixed parts of a batch; a power of two that the group's width divides
  Reduction reduction = Reduction::fast;
  std::string engine = "auto";  // or an engine's name
};

}  // namespace titrate::study
