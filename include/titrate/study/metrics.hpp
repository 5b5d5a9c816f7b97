// What a classifier did on a set of images, as sums and counts until something prints them.
//
// A confusion matrix is flat, [true class][predicted class], with classes * classes entries. Scores are
// fractions of 1; a ratio without a denominator is 0. They are those of scikit-learn's
// precision_recall_fscore_support(zero_division=0) to the last bit, as long as counts stay below 2^53.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace titrate::study {

// One image: the class with the largest logit, the cross-entropy of the true class, and the softmax
// probability of the predicted class.
struct Prediction {
  std::int32_t predicted = 0;
  float loss = 0;
  float probability = 0;
};

// The images whose predicted class got a probability in (i / 15, (i + 1) / 15], for bin i of 15. Guo et al.,
// "On calibration of modern neural networks", 2017.
struct CalibrationBin {
  std::uint64_t images = 0;
  std::uint64_t correct = 0;
  double probability_sum = 0;
};
inline constexpr std::size_t kCalibrationBins = 15;

struct Tally {
  std::uint64_t images = 0;
  std::uint64_t correct = 0;
  double loss_sum = 0;
  std::vector<std::uint64_t> confusion{};
  std::array<CalibrationBin, kCalibrationBins> calibration{};

  double accuracy() const;  // fraction of 1
  double mean_loss() const;
};

// Of a square confusion matrix.
std::uint32_t classes_of(std::span<const std::uint64_t> confusion);

// Adds in the order of the images, so the sums do not depend on who computed which. A probability that is not
// a number, as of a network that diverged, counts as 0, which lies in the first bin.
Tally tally(std::span<const std::int32_t> truth, std::span<const Prediction> predictions,
            std::uint32_t classes);

// The expected calibration error, a fraction of 1: over the bins, the mean of |share of correct images - mean
// probability|, weighted by images. Equation 3 of Guo et al.; 0 of no images.
double calibration_error(const Tally& tally);

// One class, with the images that are truly of it and those that were taken for it.
struct ClassScores {
  double precision = 0, recall = 0, f1 = 0;
  std::uint64_t support = 0;
  std::uint64_t predicted = 0;

  bool occurs() const { return support > 0 || predicted > 0; }
};
std::vector<ClassScores> class_scores(std::span<const std::uint64_t> confusion, std::uint32_t classes);

// Means over the classes that occur in truth or predictions: each counts the same (average="macro") or as
// often as it is the truth (average="weighted").
struct AverageScores {
  double precision = 0, recall = 0, f1 = 0;
};
AverageScores macro_scores(std::span<const std::uint64_t> confusion, std::uint32_t classes);
AverageScores weighted_scores(std::span<const std::uint64_t> confusion, std::uint32_t classes);

// A tally with the averages that several metrics are taken from, so that they are computed once.
struct Scores {
  const Tally& tally;
  AverageScores macro{}, weighted{};
};

// A number that a test is judged by. The tables, the charts and the page read its row: a new metric is a new
// row.
struct Metric {
  const char* column = "";  // in tables for programs: "macro_f1"
  const char* label = "";   // for people: "macro F1"
  const char* unit = "";    // "%": a fraction of 1, shown in %. Else what stands in brackets beside an axis
  int digits = 4;           // after the point, as people are shown it
  double (*value)(const Scores&) = nullptr;
  const char* help = "";
  bool in_cells = true;        // its means over seeds stand in cells.csv, summary.json and the page
  bool beside_report = false;  // the classification report of a trial lacks it: it is told beside it

  bool percent() const { return unit == std::string_view("%"); }
};

std::span<const Metric> metrics();  // in the order of their columns

// Those that are spoken of by name.
inline constexpr std::size_t kTestAccuracy = 0, kTestLoss = 1, kMacroF1 = 4;

// In the order of metrics().
std::vector<double> metric_values(const Tally& tally);

// Images of one class that were taken for another.
struct ConfusedPair {
  std::uint32_t truth = 0, predicted = 0;
  std::uint64_t images = 0;

  bool operator==(const ConfusedPair&) const = default;
};

// The pairs with the most images, at most `most` of them and none without images; those with equally many by
// truth, then by predicted.
std::vector<ConfusedPair> confused_pairs(std::span<const std::uint64_t> confusion, std::uint32_t classes,
                                         std::size_t most);

}  // namespace titrate::study
