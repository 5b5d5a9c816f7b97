// What a trial is given before its first step: rows, labels, pipelines, and how many steps there are.
#pragma once

#include <cstdint>
#include <vector>

#include "titrate/train/trainer.hpp"

namespace titrate::train {

struct Preparation {
  std::vector<std::uint32_t> training{}, validation{};
  data::Pipeline training_pipeline{};
  data::Pipeline validation_pipeline{};  // without augmentation; noise belongs to the image
  std::vector<float> class_weights{};    // empty: all 1
  std::uint64_t batches_per_epoch = 0;
  std::uint64_t total_steps = 0;  // unless validation ends it sooner
};

// Throws Error (usage) that names the key which does not fit the dataset.
Preparation prepare(const data::Dataset& dataset, const TrialSetup& setup);

// The pipeline of a test: the images as they are, under this noise.
data::Pipeline test_pipeline(const TrialSetup& setup, const data::Standardisation& standardisation,
                             const image::Noise& noise);

// scikit-learn's class_weight="balanced": images / (classes that occur x images of the class); 0 for a class
// that does not occur.
std::vector<float> balanced_weights(std::span<const std::int32_t> labels, std::uint32_t classes);

// The fewest images that a batch of this trial may have: batch_norm needs two in each part of it, else one.
std::uint32_t least_batch(const TrialSetup& setup);

}  // namespace titrate::train
