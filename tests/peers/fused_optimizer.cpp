// The optimizer of GPUs against the one of the host: LibTorch's fused kernels are there for CPUs too.
//
//   fused_optimizer
//
// Runs both on the same made-up gradients and hands the state over to another half way. Exits with 1 where
// parameters or moments are further apart than rounding takes them.
#include "fused_optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <iostream>

#include "flat.hpp"
#include "titrate/core/random.hpp"
#include "titrate/train/optimizer.hpp"

namespace titrate {
namespace {

constexpr std::size_t kCount = 1000;
constexpr std::uint32_t kSteps = 20;

std::vector<float> normal_numbers(std::uint32_t draw) {
  RandomStream stream(1, Purpose::test, draw);
  std::vector<float> numbers(kCount);
  for (float& number : numbers) number = static_cast<float>(stream.normal());
  return numbers;
}

double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double difference = 0, length = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    difference += std::pow(double{a.at(i)} - double{b[i]}, 2);
    length += std::pow(double{b[i]}, 2);
  }
  return std::sqrt(difference / length);
}

// The largest distance, of parameters or of a moment, after any step.
double follow(const study::TrainSettings& settings) {
  std::vector<float> host_parameters = normal_numbers(0);
  const at::Tensor parameters = engine_torch::view_of(host_parameters).clone();
  train::Optimizer host(settings, kCount);
  engine_torch::FusedOptimizer fused(settings, parameters);
  double farthest = 0;
  for (std::uint32_t step = 1; step <= kSteps; ++step) {
    if (step == kSteps / 2) {
      engine_torch::FusedOptimizer other(settings, parameters);
      other.restore(fused.moments(), fused.steps());
      fused = other;
    }
    const std::vector<float> gradients = normal_numbers(step);
    host.step(host_parameters, gradients, 0.01);
    fused.step(parameters, engine_torch::view_of(gradients), 0.01);
    farthest = std::max(farthest, distance(engine_torch::to_floats(parameters), host_parameters));
    const std::vector<std::vector<float>> moments = fused.moments();
    if (moments.size() != host.moments().size() || fused.steps() != host.steps()) return INFINITY;
    for (std::size_t i = 0; i < moments.size(); ++i)
      farthest = std::max(farthest, distance(moments[i], host.moments()[i]));
  }
  return farthest;
}

int run() {
  const std::vector<study::TrainSettings> all{
      {.weight_decay = 0.1},
      {.momentum = 0.9},
      {.momentum = 0.9, .weight_decay = 0.1},
      {.momentum = 0.9, .nesterov = true, .weight_decay = 0.1},
      {.optimizer = study::OptimizerKind::adam},
      {.optimizer = study::OptimizerKind::adam,
       .beta1 = 0.8,
       .beta2 = 0.95,
       .epsilon = 1e-3,
       .weight_decay = 0.1},
      {.optimizer = study::OptimizerKind::adamw,
       .beta1 = 0.8,
       .beta2 = 0.95,
       .epsilon = 1e-3,
       .weight_decay = 0.1},
  };
  bool good = true;
  for (const study::TrainSettings& settings : all) {
    const double found = follow(settings);
    const bool near = found <= 1e-6;  // and no NaN
    good = good && near;
    std::cout << (near ? "ok     " : "FAILED ") << choice_name(settings.optimizer) << ", momentum "
              << settings.momentum << (settings.nesterov ? ", nesterov" : "") << ", weight decay "
              << settings.weight_decay << ": " << found << '\n';
  }
  return good ? 0 : 1;
}

}  // namespace
}  // namespace titrate

int main() { return titrate::run(); }
