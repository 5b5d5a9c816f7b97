#include "titrate/train/metrics.hpp"

#include <gtest/gtest.h>

namespace titrate::train {
namespace {

TEST(Tally, CountsWhatWasPredictedForWhat) {
  const std::vector<std::int32_t> truth{0, 0, 1, 2, 2};
  const std::vector<Prediction> predictions{{0, 0.5f}, {1, 2.0f}, {1, 0.25f}, {2, 0.125f}, {0, 3.0f}};
  const Tally found = tally(truth, predictions, 3);
  EXPECT_EQ(found.images, 5u);
  EXPECT_EQ(found.correct, 3u);
  EXPECT_EQ(found.confusion, (std::vector<std::uint64_t>{1, 1, 0, 0, 1, 0, 1, 0, 1}));
  EXPECT_DOUBLE_EQ(found.loss_sum, 5.875);
  EXPECT_DOUBLE_EQ(found.accuracy(), 0.6);
  EXPECT_DOUBLE_EQ(found.mean_loss(), 1.175);
}

TEST(Tally, OfNothingIsZero) {
  const Tally found = tally({}, {}, 2);
  EXPECT_EQ(found.accuracy(), 0);
  EXPECT_EQ(found.mean_loss(), 0);
  EXPECT_EQ(found.confusion, std::vector<std::uint64_t>(4));
}

// Columns are predictions. Class 0: hit 1 of 2 predicted, of 2 true; class 1: 1 of 2, of 1; class 2: 1 of 1,
// of 2.
TEST(Scores, OfAHandMadeCase) {
  const std::vector<std::uint64_t> confusion{1, 1, 0, 0, 1, 0, 1, 0, 1};
  const auto classes = class_scores(confusion, 3);
  EXPECT_DOUBLE_EQ(classes[0].precision, 0.5);
  EXPECT_DOUBLE_EQ(classes[0].recall, 0.5);
  EXPECT_DOUBLE_EQ(classes[0].f1, 0.5);
  EXPECT_DOUBLE_EQ(classes[1].precision, 0.5);
  EXPECT_DOUBLE_EQ(classes[1].recall, 1.0);
  EXPECT_DOUBLE_EQ(classes[1].f1, 2.0 / 3);
  EXPECT_DOUBLE_EQ(classes[2].precision, 1.0);
  EXPECT_DOUBLE_EQ(classes[2].recall, 0.5);
  EXPECT_DOUBLE_EQ(classes[2].f1, 2.0 / 3);
  EXPECT_EQ(classes[0].support, 2u);
  EXPECT_EQ(classes[1].support, 1u);
  const MacroScores macro = macro_scores(confusion, 3);
  EXPECT_DOUBLE_EQ(macro.precision, 2.0 / 3);
  EXPECT_DOUBLE_EQ(macro.recall, 2.0 / 3);
  EXPECT_DOUBLE_EQ(macro.f1, (0.5 + 2.0 / 3 + 2.0 / 3) / 3);
}

// What sklearn.metrics.precision_recall_fscore_support(average="macro", zero_division=0) gives for
// truth 0 0 0 1, predicted 0 0 2 0, of the labels 0 to 3: class 3 occurs nowhere and counts for nothing,
// class 1 is never predicted, class 2 is never true.
TEST(Scores, AbsentClassesAndZeroDivisionAreAsScikitLearns) {
  const std::vector<std::uint64_t> confusion{2, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  const auto classes = class_scores(confusion, 4);
  EXPECT_EQ(classes[1].precision, 0);
  EXPECT_EQ(classes[1].recall, 0);
  EXPECT_EQ(classes[2].recall, 0);
  EXPECT_EQ(classes[3].f1, 0);
  EXPECT_EQ(classes[3].support, 0u);
  const MacroScores macro = macro_scores(confusion, 4);
  EXPECT_DOUBLE_EQ(macro.precision, (2.0 / 3) / 3);
  EXPECT_DOUBLE_EQ(macro.recall, (2.0 / 3) / 3);
  EXPECT_DOUBLE_EQ(macro.f1, (2.0 / 3) / 3);
}

TEST(Scores, OfNoImagesAreZero) {
  const MacroScores macro = macro_scores(std::vector<std::uint64_t>(9), 3);
  EXPECT_EQ(macro.precision, 0);
  EXPECT_EQ(macro.recall, 0);
  EXPECT_EQ(macro.f1, 0);
}

}  // namespace
}  // namespace titrate::train
