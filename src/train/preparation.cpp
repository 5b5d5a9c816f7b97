#include "titrate/train/preparation.hpp"

#include <algorithm>

#include "titrate/core/error.hpp"
#include "titrate/data/schedule.hpp"

namespace titrate::train {
namespace {

void give_labels(const data::Dataset& dataset, const TrialSetup& setup, const data::Selection& selection,
                 Preparation& prepared) {
  if (setup.label_noise.share > 0) {
    const auto labels = std::make_shared<const std::vector<std::int32_t>>(
        data::noisy_labels(dataset, selection, setup.label_noise, setup.seed));
    prepared.training_pipeline.labels = prepared.validation_pipeline.labels = labels;
  }
  if (setup.train.class_weights != study::ClassWeights::balanced) return;
  const std::span<const std::int32_t> label_of = data::labels_of(dataset, prepared.training_pipeline);
  std::vector<std::int32_t> labels;
  labels.reserve(prepared.training.size());
  for (const std::uint32_t row : prepared.training) labels.push_back(label_of[row]);
  prepared.class_weights = balanced_weights(labels, dataset.catalog().classes);
}

}  // namespace

std::vector<float> balanced_weights(std::span<const std::int32_t> labels, std::uint32_t classes) {
  std::vector<std::uint64_t> counts(classes);
  for (const std::int32_t label : labels) ++counts[static_cast<std::size_t>(label)];
  const auto present = static_cast<double>(classes) -
                       static_cast<double>(std::count(counts.begin(), counts.end(), std::uint64_t{0}));
  std::vector<float> weights;
  for (const std::uint64_t count : counts) {
    weights.push_back(count == 0 ? 0
                                 : static_cast<float>(static_cast<double>(labels.size()) /
                                                      (present * static_cast<double>(count))));
  }
  return weights;
}

std::uint32_t least_batch(const TrialSetup& setup) {
  return net::needs_batch_statistics(setup.network) ? 2 * setup.train.micro_batches : 1;
}

data::Pipeline test_pipeline(const TrialSetup& setup, const data::Standardisation& standardisation,
                             const image::Noise& noise) {
  data::Pipeline pipeline{.seed = setup.seed, .noise = noise};
  pipeline.denoise = setup.denoise;
  pipeline.standardisation = standardisation;
  pipeline.height = setup.network.input.height;
  pipeline.width = setup.network.input.width;
  return pipeline;
}

Preparation prepare(const data::Dataset& dataset, const TrialSetup& setup) {
  const data::Selection selection = data::select(dataset, setup.selection);
  Preparation prepared{.training = selection.training(), .validation = selection.validation};
  const data::Standardisation standardisation =
      data::standardise(dataset, setup.standardise, prepared.training);
  prepared.validation_pipeline = test_pipeline(setup, standardisation, setup.train_noise);
  prepared.training_pipeline = prepared.validation_pipeline;
  prepared.training_pipeline.fresh_noise = setup.fresh_noise;
  prepared.training_pipeline.augment = setup.augment;
  give_labels(dataset, setup, selection, prepared);
  data::check_pipeline(dataset, prepared.training_pipeline, "network");

  const std::uint32_t least = least_batch(setup);
  prepared.batches_per_epoch =
      data::batches_per_epoch(prepared.training.size(), setup.train.batch_size, least);
  if (prepared.batches_per_epoch == 0) {
    throw Error({.code = ErrorCode::usage,
                 .where = "data.size",
                 .what = "batch_norm needs two images or more in each part of a batch",
                 .expected = std::to_string(least) + " training images or more",
                 .got = std::to_string(prepared.training.size())});
  }
  prepared.total_steps = setup.train.budget == study::Budget::steps
                             ? setup.train.steps
                             : prepared.batches_per_epoch * setup.train.epochs;
  return prepared;
}

}  // namespace titrate::train
