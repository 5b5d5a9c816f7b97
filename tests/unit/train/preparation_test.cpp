#include "titrate/train/preparation.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/make_dataset.hpp"
#include "support/outcome.hpp"
#include "titrate/net/zoo.hpp"

namespace titrate::train {
namespace {

using Labels = std::vector<std::int32_t>;

TrialSetup setup_of(std::uint32_t size, std::uint32_t batch_size, bool normed = false) {
  const std::vector<std::string> layers =
      normed ? std::vector<std::string>{"flatten", "dense 4", "batch_norm", "dense 2"}
             : std::vector<std::string>{"flatten", "dense 2"};
  return {.network = net::make_network(layers, {1, 8, 8}, 2),
          .train = {.epochs = 3, .batch_size = batch_size},
          .selection = {.size = size}};
}

// 30 images of class 0 and 10 of class 1.
const data::Dataset& dataset() {
  static const test::LoadedDataset loaded =
      test::make_dataset(test::random_content({8, 8, 1}, {{.real = 30, .test = 2}, {.real = 10, .test = 2}}));
  return *loaded;
}

// sklearn.utils.class_weight.compute_class_weight("balanced", ...)
TEST(BalancedWeights, AreScikitLearns) {
  EXPECT_EQ(balanced_weights(Labels{0, 0, 0, 1}, 2), (std::vector<float>{static_cast<float>(2 / 3.0), 2}));
  EXPECT_EQ(balanced_weights(Labels{1, 0, 1, 0, 2, 2}, 3), (std::vector<float>{1, 1, 1}));
}

TEST(BalancedWeights, AClassThatDoesNotOccurHasNone) {
  EXPECT_EQ(balanced_weights(Labels{0, 2, 2, 2}, 4),
            (std::vector<float>{2, 0, static_cast<float>(2 / 3.0), 0}));
}

TEST(LeastBatch, IsTwoInEachPartWithBatchNorm) {
  TrialSetup plain = setup_of(40, 8), normed = setup_of(40, 8, true);
  EXPECT_EQ(least_batch(plain), 1u);
  EXPECT_EQ(least_batch(normed), 2u);
  plain.train.micro_batches = normed.train.micro_batches = 4;
  EXPECT_EQ(least_batch(plain), 1u);
  EXPECT_EQ(least_batch(normed), 8u);
}

TEST(Prepare, CountsStepsByEpochs) {
  const Preparation prepared = prepare(dataset(), setup_of(40, 16));
  EXPECT_EQ(prepared.training.size(), 40u);
  EXPECT_TRUE(prepared.validation.empty());
  EXPECT_EQ(prepared.batches_per_epoch, 3u);  // 16, 16, 8
  EXPECT_EQ(prepared.total_steps, 9u);
  EXPECT_TRUE(prepared.class_weights.empty());
}

TEST(Prepare, OrTakesThemAsTheyAreGiven) {
  for (const std::uint32_t size : {8u, 40u}) {
    TrialSetup setup = setup_of(size, 16);
    setup.train.budget = study::Budget::steps;
    setup.train.steps = 7;
    EXPECT_EQ(prepare(dataset(), setup).total_steps, 7u);
  }
}

TEST(Prepare, LeavesOutALastBatchThatIsTooSmallForBatchNorm) {
  EXPECT_EQ(prepare(dataset(), setup_of(40, 13)).batches_per_epoch, 4u);  // 13, 13, 13, 1
  EXPECT_EQ(prepare(dataset(), setup_of(40, 13, true)).batches_per_epoch, 3u);
  TrialSetup parts = setup_of(40, 12, true);  // 12, 12, 12, 4
  parts.train.micro_batches = 2;
  EXPECT_EQ(prepare(dataset(), parts).batches_per_epoch, 4u);
  parts.train.micro_batches = 4;
  EXPECT_EQ(prepare(dataset(), parts).batches_per_epoch, 3u);
}

TEST(Prepare, RefusesWhereNoBatchIsLeft) {
  TrialSetup setup = setup_of(7, 64, true);
  setup.train.micro_batches = 4;
  const Outcome refused = outcome([&] { prepare(dataset(), setup); });
  EXPECT_EQ(refused.code, ErrorCode::usage);
  EXPECT_TRUE(refused.message.starts_with("data.size: ")) << refused.message;
  EXPECT_NE(refused.message.find("8 training images or more, got 7"), std::string::npos) << refused.message;
  setup.selection.size = 8;
  EXPECT_EQ(prepare(dataset(), setup).batches_per_epoch, 1u);
}

TEST(Prepare, ValidationImagesAreNotTrainedOn) {
  TrialSetup setup = setup_of(40, 16);
  setup.selection.validation_fraction = 0.25;
  setup.augment = {image::parse_operation("shift 2", "test")};
  setup.train_noise = {image::NoiseKind::gaussian, 0.5};
  setup.fresh_noise = true;
  const Preparation prepared = prepare(dataset(), setup);
  EXPECT_EQ(prepared.training.size(), 30u);
  EXPECT_EQ(prepared.validation.size(), 10u);
  for (const std::uint32_t row : prepared.validation)
    EXPECT_EQ(std::count(prepared.training.begin(), prepared.training.end(), row), 0) << row;
  EXPECT_EQ(prepared.batches_per_epoch, 2u);
  // They are looked at as test images are: the noise belongs to the image, and nothing else is done to it.
  EXPECT_EQ(prepared.training_pipeline.augment.size(), 1u);
  EXPECT_TRUE(prepared.training_pipeline.fresh_noise);
  EXPECT_TRUE(prepared.validation_pipeline.augment.empty());
  EXPECT_FALSE(prepared.validation_pipeline.fresh_noise);
  EXPECT_EQ(prepared.validation_pipeline.noise.level, 0.5);
  EXPECT_EQ(test_pipeline(setup, prepared.validation_pipeline.standardisation, {}).noise.level, 0);
}

TEST(Prepare, BalancesByTheLabelsThatTrainingSees) {
  TrialSetup setup = setup_of(40, 16);
  setup.train.class_weights = study::ClassWeights::balanced;
  EXPECT_EQ(prepare(dataset(), setup).class_weights, (std::vector<float>{static_cast<float>(2 / 3.0), 2}));
  setup.label_noise = {.share = 1, .towards = 1};
  const Preparation noisy = prepare(dataset(), setup);
  EXPECT_EQ(noisy.class_weights, (std::vector<float>{0, 1}));
  ASSERT_NE(noisy.training_pipeline.labels, nullptr);
  EXPECT_EQ(noisy.validation_pipeline.labels, noisy.training_pipeline.labels);
  EXPECT_EQ(test_pipeline(setup, noisy.validation_pipeline.standardisation, {}).labels, nullptr);
}

TEST(Prepare, ASelectionIsStandardisedByWhatItTrainsOn) {
  TrialSetup setup = setup_of(20, 16);
  setup.standardise = data::Standardise::selection;
  setup.selection.validation_fraction = 0.5;
  const Preparation prepared = prepare(dataset(), setup);
  EXPECT_EQ(prepared.training_pipeline.standardisation,
            data::standardise(dataset(), data::Standardise::selection, prepared.training));
  setup.selection.seed = 1;
  EXPECT_NE(prepare(dataset(), setup).training_pipeline.standardisation,
            prepared.training_pipeline.standardisation);
}

}  // namespace
}  // namespace titrate::train
