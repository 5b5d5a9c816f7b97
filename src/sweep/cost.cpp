#include "cost.hpp"

#include <algorithm>
#include <bit>
#include <chrono>

#include "titrate/data/schedule.hpp"
#include "titrate/net/cost.hpp"
#include "titrate/net/parameters.hpp"
#include "titrate/train/evaluation.hpp"
#include "titrate/train/model.hpp"
#include "titrate/train/optimizer.hpp"
#include "titrate/train/preparation.hpp"

namespace titrate::sweep {
namespace {

// A sum between two ranks of one machine. Measured: 20 us for 22,000 floats and 1.3 ms for 1.7 million, the
// copies of the fixed tree included.
constexpr double kExchangeLatencySeconds = 3e-6;
constexpr double kExchangeBytesPerSecond = 5.2e9;

// Peak memory over the size of the activations, measured in sweeps of seven networks at batches of 64 to 512:
// of a part of a training batch with its gradients, and of the largest layer of a test batch with the work
// space of its convolution.
constexpr double kTrainingOverhead = 1.35, kTestOverhead = 2.2;

// Bytes of a record in the journal, and the share that the tables and the page made from it add.
constexpr std::uint64_t kRecordBytes = 600, kEpochBytes = 160, kConditionBytes = 600;
constexpr double kConfusionBytes = 2.2;  // a number and its comma, most of them 0
constexpr double kDerivedShare = 2.8;
constexpr std::uint64_t kWeightsHeaderBytes = 4096;

std::uint64_t test_images(const shard::Manifest& manifest) {
  std::uint64_t tests = 0;
  for (auto origin : {data::Origin::real, data::Origin::augmented, data::Origin::synthetic})
    tests += count_images(manifest, data::Split::test, origin);
  return tests;
}

struct ActivationBytes {
  std::uint64_t all = 0;      // every layer's output, for one image
  std::uint64_t largest = 0;  // input and output of the layer where they are largest
};

ActivationBytes activation_bytes(const net::Network& network) {
  ActivationBytes bytes{.all = network.input.values() * sizeof(float)};
  net::for_each_node(net::resolve(network), [&](const net::Node& node) {
    if (!node.layers.empty()) return;  // those inside count
    const std::uint64_t in = node.input.values() * node.runs * sizeof(float),
                        out = node.output.values() * node.runs * sizeof(float);
    bytes.all += out;
    bytes.largest = std::max(bytes.largest, in + out);
  });
  return bytes;
}

std::uint64_t model_bytes(const net::Network& network) {
  const net::ParameterLayout layout = net::parameter_layout(network);
  return (layout.floats + layout.running_floats) * sizeof(float);
}

}  // namespace

TrialCost trial_cost(const train::TrialSetup& setup, const shard::Manifest& manifest) {
  const study::TrainSettings& train = setup.train;
  TrialCost cost{.train_images = data::training_images(setup.selection)};
  const std::uint64_t batches =
      data::batches_per_epoch(cost.train_images, train.batch_size, train::least_batch(setup));
  const bool by_steps = train.budget == study::Budget::steps;
  const std::uint64_t validation = data::validation_images(setup.selection);
  cost.steps = by_steps ? train.steps : batches * train.epochs;
  cost.epochs = by_steps ? (train.steps + batches - 1) / std::max<std::uint64_t>(1, batches) : train.epochs;
  cost.seen = data::images_seen(cost.steps, cost.train_images, train.batch_size, batches);
  cost.images = cost.seen + (validation * cost.epochs + test_images(manifest) * setup.conditions.size()) / 3;
  cost.flops = static_cast<double>(cost.images) * net::training_flops(setup.network);
  return cost;
}

double probe_seconds_per_image(const train::TrialSetup& setup, const data::Dataset& dataset,
                               const train::Engines& engines, const comm::Device& device, double seconds) {
  const train::Preparation prepared = train::prepare(dataset, setup);
  const auto engine = engines.make(
      {.dataset = &dataset,
       .network = setup.network,
       .train = setup.train,
       .initial = train::initial_model(net::parameter_layout(setup.network), setup.train.initial, setup.seed),
       .class_weights = prepared.class_weights,
       .device = device});
  std::vector<std::uint32_t> batch = prepared.training;
  batch.resize(std::min<std::size_t>(batch.size(), setup.train.batch_size));
  // The end of an epoch waits for the steps, which a GPU only queues.
  const auto run = [&](std::uint64_t steps) {
    const auto start = std::chrono::steady_clock::now();
    for (std::uint64_t i = 0; i < steps; ++i)
      engine->train_step(batch, {.learning_rate = setup.train.learning_rate}, prepared.training_pipeline);
    engine->finish_epoch();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  run(1);  // not counted: the first step allocates
  double elapsed = 0;
  std::uint64_t done = 0;
  do {
    const std::uint64_t steps = std::max<std::uint64_t>(1, done);
    elapsed += run(steps);
    done += steps;
  } while (elapsed < seconds);
  return elapsed / static_cast<double>(done * batch.size());
}

dispatch::PlannedJob planned_trial(const study::Trial& trial, const train::TrialSetup& setup,
                                   const shard::Manifest& manifest, double seconds_per_image) {
  const TrialCost cost = trial_cost(setup, manifest);
  const double exchange_seconds =
      kExchangeLatencySeconds + static_cast<double>(model_bytes(setup.network)) / kExchangeBytesPerSecond;
  return {.id = trial.id,
          .seconds = static_cast<double>(cost.images) * seconds_per_image,
          .exchange_seconds = static_cast<double>(cost.steps) * exchange_seconds,
          .most_ranks = static_cast<int>(setup.train.micro_batches)};
}

std::uint64_t training_bytes(const train::TrialSetup& setup) {
  const std::uint64_t batch = setup.train.batch_size, parts = setup.train.micro_batches;
  const ActivationBytes activations = activation_bytes(setup.network);
  const double training =
      kTrainingOverhead * static_cast<double>(activations.all * ((batch + parts - 1) / parts));
  const double testing = kTestOverhead * static_cast<double>(activations.largest * train::kTestBatch);
  // Parameters, gradients, moments; one sum for each level of the tree; initial and best values.
  const auto levels = static_cast<std::uint64_t>(std::bit_width(parts) - 1);
  const std::uint64_t copies =
      2 + train::moment_count(setup.train) + levels + (setup.train.best_weights ? 2 : 1);
  return model_bytes(setup.network) * copies + static_cast<std::uint64_t>(std::max(training, testing));
}

std::uint64_t program_bytes(comm::DeviceKind device) {
  return device == comm::DeviceKind::cuda ? 450'000'000 : 190'000'000;
}

std::uint64_t trial_disk_bytes(const train::TrialSetup& setup, const shard::Manifest& manifest, Keep keep) {
  const TrialCost cost = trial_cost(setup, manifest);
  const std::uint64_t classes = manifest.class_names.size(), conditions = setup.conditions.size();
  const double confusion = kConfusionBytes * static_cast<double>(classes * classes);
  const double record =
      static_cast<double>(kRecordBytes + kEpochBytes * cost.epochs + kConditionBytes * conditions) +
      confusion * static_cast<double>(conditions);
  const std::uint64_t prediction = sizeof(float) + (classes <= 256 ? 1 : 2);
  const std::uint64_t weights = keep == Keep::none ? 0 : model_bytes(setup.network) + kWeightsHeaderBytes;
  return static_cast<std::uint64_t>(record * (1 + kDerivedShare)) +
         test_images(manifest) * conditions * prediction + weights;
}

std::uint64_t checkpoint_disk_bytes(const train::TrialSetup& setup) {
  const std::uint64_t copies = 1 + train::moment_count(setup.train) + (setup.train.best_weights ? 1 : 0);
  return 3 * copies * model_bytes(setup.network);
}

}  // namespace titrate::sweep
