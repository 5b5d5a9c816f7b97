#include "titrate/sweep/cost.hpp"

#include <algorithm>
#include <chrono>

#include "titrate/data/schedule.hpp"
#include "titrate/net/cost.hpp"
#include "titrate/sweep/setup.hpp"
#include "titrate/train/model.hpp"
#include "titrate/train/preparation.hpp"

namespace titrate::sweep {

TrialCost trial_cost(const train::TrialSetup& setup, const shard::Manifest& manifest) {
  std::uint64_t tests = 0;
  for (auto origin : {data::Origin::real, data::Origin::augmented, data::Origin::synthetic}) {
    tests += count_images(manifest, data::Split::test, origin);
  }
  const train::TrainSettings& train = setup.train;
  TrialCost cost{.train_images = data::training_images(setup.selection)};
  const std::uint64_t batches = std::max<std::uint64_t>(
      1, data::batches_per_epoch(cost.train_images, train.batch_size, train::least_batch(setup)));
  const bool by_steps = train.budget == "steps";
  const std::uint64_t epochs = by_steps ? (train.steps + batches - 1) / batches : train.epochs,
                      validation = data::validation_images(setup.selection);
  cost.steps = by_steps ? train.steps : batches * epochs;
  cost.seen = by_steps ? train.steps * std::min<std::uint64_t>(train.batch_size, cost.train_images)
                       : cost.train_images * epochs;
  cost.images = cost.seen + (validation * epochs + tests * setup.conditions.size()) / 3;
  cost.flops = static_cast<double>(cost.images) * net::training_flops(setup.network);
  return cost;
}

double probe_seconds_per_image(const train::TrialSetup& setup, const data::Dataset& dataset,
                               const train::EngineLibrary& engines, double seconds) {
  const train::Preparation prepared = train::prepare(dataset, setup);
  const auto engine = engines.make(
      {.dataset = &dataset,
       .network = setup.network,
       .train = setup.train,
       .initial = train::initial_model(net::parameter_layout(setup.network), setup.train.initial, setup.seed),
       .class_weights = prepared.class_weights});
  std::vector<std::uint32_t> batch = prepared.training;
  batch.resize(std::min<std::size_t>(batch.size(), setup.train.batch_size));
  const train::Step step{.learning_rate = setup.train.learning_rate};
  engine->train_step(batch, step, prepared.training_pipeline);  // not counted: the first step allocates
  const auto start = std::chrono::steady_clock::now();
  double elapsed = 0, images = 0;
  while (elapsed < seconds) {
    engine->train_step(batch, step, prepared.training_pipeline);
    images += static_cast<double>(batch.size());
    elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  return elapsed / images;
}

}  // namespace titrate::sweep
