#include "titrate/study/metrics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <string>

namespace titrate::study {
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

TEST(Calibration, BinsBeginJustAboveAFifteenth) {
  constexpr float kThird = 1.0f / 3;  // above the third: 5 / 15 is no float
  const std::vector<Prediction> predictions{{0, 0, 1},
                                            {1, 0, 0.2f},  // above 3 / 15
                                            {0, 0, std::nextafter(0.2f, 0.0f)},
                                            {0, 0, kThird},
                                            {0, 0, std::nextafter(kThird, 0.0f)},
                                            {0, 0, 1e-30f},
                                            {0, 0, 1.0000001f}};  // what a softmax in float can give
  const Tally found = tally(std::vector<std::int32_t>(predictions.size()), predictions, 2);
  const auto& bins = found.calibration;
  EXPECT_EQ(bins[0].images, 1u);
  EXPECT_EQ(bins[2].images, 1u);
  EXPECT_EQ(bins[3].images, 1u);
  EXPECT_EQ(bins[3].correct, 0u);
  EXPECT_EQ(bins[4].images, 1u);
  EXPECT_EQ(bins[5].images, 1u);
  EXPECT_EQ(bins[14].images, 2u);
  EXPECT_EQ(bins[14].correct, 2u);
  EXPECT_EQ(bins[14].probability_sum, 1.0 + 1.0000001f);
}

// In bins of a width of 1 / 15: 0.5 and 0.53125 are both in (7 / 15, 8 / 15].
TEST(Calibration, ErrorOfAHandMadeCase) {
  const std::vector<Prediction> predictions{{0, 0, 0.5f}, {1, 0, 0.53125f}, {0, 0, 0.75f}, {0, 0, 1}};
  const Tally found = tally(std::vector<std::int32_t>(4), predictions, 2);
  EXPECT_DOUBLE_EQ(calibration_error(found), 0.5 * (0.515625 - 0.5) + 0.25 * 0.25);
}

// The definition, bin by bin over all images.
TEST(Calibration, ErrorIsThatOfTheDefinition) {
  constexpr std::size_t kImages = 5000;
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform;
  std::vector<std::int32_t> truth;
  std::vector<Prediction> predictions;
  for (std::size_t i = 0; i < kImages; ++i) {
    const float probability = uniform(random);
    truth.push_back(uniform(random) < probability * probability ? 1 : 0);
    predictions.push_back({1, 0, probability});
  }
  double expected = 0;
  for (int bin = 0; bin < 15; ++bin) {
    double images = 0, correct = 0, sum = 0;
    for (std::size_t i = 0; i < kImages; ++i) {
      const double scaled = 15.0 * predictions[i].probability;
      if (!(scaled > bin && scaled <= bin + 1)) continue;
      images += 1;
      correct += truth[i];
      sum += predictions[i].probability;
    }
    if (images > 0) expected += images / kImages * std::abs(correct / images - sum / images);
  }
  EXPECT_NEAR(calibration_error(tally(truth, predictions, 2)), expected, 1e-12);
  EXPECT_NEAR(expected, 1.0 / 6, 0.02);  // the integral of p - p^2
}

TEST(Calibration, OfNothingIsZero) { EXPECT_EQ(calibration_error(tally({}, {}, 2)), 0); }

TEST(Calibration, WhatIsNoNumberCountsAsZero) {
  const std::vector<Prediction> predictions{{1, 0, std::numeric_limits<float>::quiet_NaN()}, {0, 0, 1}};
  const Tally found = tally(std::vector<std::int32_t>{1, 0}, predictions, 2);
  EXPECT_EQ(found.calibration[0].images, 1u);
  EXPECT_EQ(found.calibration[0].probability_sum, 0);
  EXPECT_DOUBLE_EQ(calibration_error(found), 0.5);
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
  EXPECT_EQ(classes[1].predicted, 2u);
  const AverageScores macro = macro_scores(confusion, 3);
  EXPECT_DOUBLE_EQ(macro.precision, 2.0 / 3);
  EXPECT_DOUBLE_EQ(macro.recall, 2.0 / 3);
  EXPECT_DOUBLE_EQ(macro.f1, (0.5 + 2.0 / 3 + 2.0 / 3) / 3);
  const AverageScores weighted = weighted_scores(confusion, 3);
  EXPECT_DOUBLE_EQ(weighted.precision, (2 * 0.5 + 0.5 + 2 * 1.0) / 5);
  EXPECT_DOUBLE_EQ(weighted.recall, (2 * 0.5 + 1.0 + 2 * 0.5) / 5);
  EXPECT_DOUBLE_EQ(weighted.f1, (2 * 0.5 + 2.0 / 3 + 2 * (2.0 / 3)) / 5);
}

// What sklearn.metrics.precision_recall_fscore_support(zero_division=0) gives, average="macro" and
// "weighted", for truth 0 0 0 1, predicted 0 0 2 0, of the labels 0 to 3: class 3 occurs nowhere and counts
// for nothing, class 1 is never predicted, class 2 is never true.
TEST(Scores, AbsentClassesAndZeroDivisionAreAsScikitLearns) {
  const std::vector<std::uint64_t> confusion{2, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  const auto classes = class_scores(confusion, 4);
  EXPECT_EQ(classes[1].precision, 0);
  EXPECT_EQ(classes[1].recall, 0);
  EXPECT_EQ(classes[2].recall, 0);
  EXPECT_EQ(classes[3].f1, 0);
  EXPECT_EQ(classes[3].support, 0u);
  EXPECT_TRUE(classes[2].occurs());
  EXPECT_FALSE(classes[3].occurs());
  const AverageScores macro = macro_scores(confusion, 4);
  EXPECT_DOUBLE_EQ(macro.precision, (2.0 / 3) / 3);
  EXPECT_DOUBLE_EQ(macro.recall, (2.0 / 3) / 3);
  EXPECT_DOUBLE_EQ(macro.f1, (2.0 / 3) / 3);
  const AverageScores weighted = weighted_scores(confusion, 4);
  EXPECT_DOUBLE_EQ(weighted.precision, 3 * (2.0 / 3) / 4);
  EXPECT_DOUBLE_EQ(weighted.recall, 3 * (2.0 / 3) / 4);
  EXPECT_DOUBLE_EQ(weighted.f1, 3 * (2.0 / 3) / 4);
}

TEST(Scores, OfNoImagesAreZero) {
  const std::vector<std::uint64_t> confusion(9);
  for (const AverageScores& scores : {macro_scores(confusion, 3), weighted_scores(confusion, 3)}) {
    EXPECT_EQ(scores.precision, 0);
    EXPECT_EQ(scores.recall, 0);
    EXPECT_EQ(scores.f1, 0);
  }
}

// numpy.mean of [1] + [2**-53] * 8: one after another the small ones would all be lost. The other class,
// which takes all but one image of each, is the ninth.
TEST(Scores, AreSummedAsNumpyDoes) {
  constexpr std::uint32_t kClasses = 9;
  constexpr std::uint64_t kMany = std::uint64_t{1} << 50;
  std::vector<std::uint64_t> confusion(kClasses * kClasses);
  confusion[0] = 1;
  for (std::uint32_t c = 1; c < kClasses - 1; ++c) {
    confusion[c * kClasses + c] = 1;
    confusion[c * kClasses + c + 1] = 7 * kMany - 1;
  }
  confusion.back() = 1;
  const double small = 1.0 / (7.0 * kMany);
  const double lanes = ((1 + small) + (small + small)) + ((small + small) + (small + small));
  EXPECT_NE(lanes, ((((((1 + small) + small) + small) + small) + small) + small) + small);
  EXPECT_EQ(macro_scores(confusion, kClasses).recall, (lanes + 1) / 9);
}

TEST(ConfusedPairs, LargestFirstThenByClass) {
  const std::vector<std::uint64_t> confusion{9, 2, 0, 5, 9, 2, 2, 7, 9};
  const std::vector<ConfusedPair> expected{{2, 1, 7}, {1, 0, 5}, {0, 1, 2}, {1, 2, 2}, {2, 0, 2}};
  EXPECT_EQ(confused_pairs(confusion, 3, 100), expected);
  EXPECT_EQ(confused_pairs(confusion, 3, 4), std::vector(expected.begin(), expected.begin() + 4));
  EXPECT_TRUE(confused_pairs(confusion, 3, 0).empty());
}

TEST(ConfusedPairs, OfNoMistakeAreNone) {
  EXPECT_TRUE(confused_pairs(std::vector<std::uint64_t>{3, 0, 0, 3}, 2, 10).empty());
  EXPECT_TRUE(confused_pairs({}, 0, 10).empty());
}

TEST(Metrics, TheTableNamesThoseThatAreSpokenOf) {
  EXPECT_STREQ(metrics()[kTestAccuracy].column, "test_accuracy");
  EXPECT_STREQ(metrics()[kTestLoss].column, "test_loss");
  EXPECT_STREQ(metrics()[kMacroF1].column, "macro_f1");
  std::set<std::string> columns;
  for (const Metric& metric : metrics()) {
    EXPECT_TRUE(columns.insert(metric.column).second) << metric.column;
    EXPECT_STRNE(metric.label, "");
    EXPECT_STRNE(metric.help, "");
  }
}

TEST(Metrics, ValuesStandInTheOrderOfTheTable) {
  const Tally tally{.images = 4, .correct = 3, .loss_sum = 2, .confusion = {2, 1, 0, 1}};
  const std::vector<double> values = metric_values(tally);
  ASSERT_EQ(values.size(), metrics().size());
  EXPECT_EQ(values[kTestAccuracy], 0.75);
  EXPECT_EQ(values[kTestLoss], 0.5);
  EXPECT_EQ(values[kMacroF1], macro_scores(tally.confusion, 2).f1);
}

}  // namespace
}  // namespace titrate::study
