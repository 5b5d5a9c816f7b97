#include "titrate/study/metrics.hpp"

#include <algorithm>
#include <cmath>

namespace titrate::study {
namespace {

double ratio(double numerator, double denominator) { return denominator > 0 ? numerator / denominator : 0; }

struct Margins {
  std::uint64_t truth = 0, predicted = 0, hit = 0;
};

Margins margins_of(std::span<const std::uint64_t> confusion, std::uint32_t classes, std::uint32_t c) {
  Margins margins{.hit = confusion[std::size_t{c} * classes + c]};
  for (std::uint32_t other = 0; other < classes; ++other) {
    margins.truth += confusion[std::size_t{c} * classes + other];
    margins.predicted += confusion[std::size_t{other} * classes + c];
  }
  return margins;
}

// Bins are closed above. A float times 15 is exact in double, so no probability falls on the wrong side.
std::size_t bin_of(double probability) {
  const double last = kCalibrationBins - 1;
  return static_cast<std::size_t>(std::clamp(std::ceil(probability * kCalibrationBins) - 1, 0.0, last));
}

// In the order of numpy.sum, so that a score that lies between two printed digits is rounded as scikit-learn
// rounds it: pairwise_sum in numpy/_core/src/umath/loops_utils.h.src.
double numpy_sum(std::span<const double> values) {
  constexpr std::size_t kLanes = 8, kBlock = 128;
  if (values.size() > kBlock) {
    const std::size_t half = values.size() / 2 / kLanes * kLanes;
    return numpy_sum(values.first(half)) + numpy_sum(values.subspan(half));
  }
  double sum = 0;
  std::size_t i = 0;
  if (values.size() >= kLanes) {
    std::array<double, kLanes> lanes{};
    for (; i + kLanes <= values.size(); i += kLanes) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += values[i + lane];
    }
    sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
  }
  for (; i < values.size(); ++i) sum += values[i];
  return sum;
}

// As numpy.average(scores, weights=weights) over the classes that occur: one that does not would shift the
// others to other places of the sum.
AverageScores average(std::span<const ClassScores> scores, std::span<const double> weights) {
  std::vector<double> precision, recall, f1, weight;
  for (std::size_t c = 0; c < scores.size(); ++c) {
    if (!scores[c].occurs()) continue;
    precision.push_back(scores[c].precision * weights[c]);
    recall.push_back(scores[c].recall * weights[c]);
    f1.push_back(scores[c].f1 * weights[c]);
    weight.push_back(weights[c]);
  }
  const double scale = numpy_sum(weight);
  return {ratio(numpy_sum(precision), scale), ratio(numpy_sum(recall), scale), ratio(numpy_sum(f1), scale)};
}

// Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient", 2004, in the
// order of sklearn.metrics.matthews_corrcoef, whose sums are exact too as long as they stay below 2^53; 0
// where the truth, or what was predicted, is all of one class.
double matthews_correlation(std::span<const std::uint64_t> confusion) {
  const std::uint32_t classes = classes_of(confusion);
  double images = 0, hits = 0, both = 0, truth = 0, predicted = 0;
  for (std::uint32_t c = 0; c < classes; ++c) {
    const Margins margins = margins_of(confusion, classes, c);
    const auto true_images = static_cast<double>(margins.truth),
               called = static_cast<double>(margins.predicted);
    images += true_images;
    hits += static_cast<double>(margins.hit);
    both += true_images * called;
    truth += true_images * true_images;
    predicted += called * called;
  }
  const double spread = (images * images - predicted) * (images * images - truth);
  return spread > 0 ? (hits * images - both) / std::sqrt(spread) : 0;
}

using ValueOf = double (*)(const Scores&);

// A score of scikit-learn's classification report.
constexpr Metric score(const char* column, const char* label, ValueOf value, const char* help) {
  return {.column = column, .label = label, .unit = "%", .digits = 2, .value = value, .help = help};
}

constexpr Metric weighted(const char* column, const char* label, ValueOf value, const char* help) {
  Metric metric = score(column, label, value, help);
  metric.in_cells = false;
  return metric;
}

constexpr Metric kMetrics[] = {
    score(
        "test_accuracy", "test accuracy", [](const Scores& s) { return s.tally.accuracy(); },
        "share of the test images whose class is found"),
    {.column = "test_loss",
     .label = "test loss",
     .unit = "cross-entropy",
     .value = [](const Scores& s) { return s.tally.mean_loss(); },
     .help = "mean cross-entropy of the true class"},
    score(
        "macro_precision", "macro precision", [](const Scores& s) { return s.macro.precision; },
        "share of right ones among the images that are called a class, mean over classes"),
    score(
        "macro_recall", "macro recall", [](const Scores& s) { return s.macro.recall; },
        "share of a class's images that are found, mean over classes"),
    score(
        "macro_f1", "macro F1", [](const Scores& s) { return s.macro.f1; },
        "harmonic mean of precision and recall, mean over classes"),
    weighted(
        "weighted_precision", "weighted precision", [](const Scores& s) { return s.weighted.precision; },
        "precision, mean over classes by their images"),
    weighted(
        "weighted_recall", "weighted recall", [](const Scores& s) { return s.weighted.recall; },
        "recall, mean over classes by their images"),
    weighted(
        "weighted_f1", "weighted F1", [](const Scores& s) { return s.weighted.f1; },
        "F1, mean over classes by their images"),
    {.column = "calibration_error",
     .label = "calibration error",
     .value = [](const Scores& s) { return calibration_error(s.tally); },
     .help = "gap between confidence and accuracy, mean over 15 bins of confidence by their images",
     .beside_report = true},
    {.column = "mcc",
     .label = "Matthews correlation",
     .value = [](const Scores& s) { return matthews_correlation(s.tally.confusion); },
     .help = "correlation of truth and prediction: 1 all right, 0 no better than chance",
     .beside_report = true},
};

static_assert(kMetrics[kTestAccuracy].column == std::string_view("test_accuracy") &&
              kMetrics[kTestLoss].column == std::string_view("test_loss") &&
              kMetrics[kMacroF1].column == std::string_view("macro_f1"));

}  // namespace

double Tally::accuracy() const { return ratio(static_cast<double>(correct), static_cast<double>(images)); }

double Tally::mean_loss() const { return ratio(loss_sum, static_cast<double>(images)); }

std::uint32_t classes_of(std::span<const std::uint64_t> confusion) {
  return static_cast<std::uint32_t>(std::lround(std::sqrt(static_cast<double>(confusion.size()))));
}

Tally tally(std::span<const std::int32_t> truth, std::span<const Prediction> predictions,
            std::uint32_t classes) {
  Tally result{.images = truth.size(),
               .confusion = std::vector<std::uint64_t>(std::size_t{classes} * classes)};
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const auto row = static_cast<std::size_t>(truth[i]),
               column = static_cast<std::size_t>(predictions[i].predicted);
    ++result.confusion[row * classes + column];
    result.correct += row == column ? 1 : 0;
    result.loss_sum += predictions[i].loss;
    const double probability = std::isnan(predictions[i].probability) ? 0 : predictions[i].probability;
    CalibrationBin& bin = result.calibration[bin_of(probability)];
    ++bin.images;
    bin.correct += row == column ? 1 : 0;
    bin.probability_sum += probability;
  }
  return result;
}

double calibration_error(const Tally& tally) {
  double images = 0, gaps = 0;
  for (const CalibrationBin& bin : tally.calibration) {
    images += static_cast<double>(bin.images);
    gaps += std::abs(static_cast<double>(bin.correct) - bin.probability_sum);
  }
  return ratio(gaps, images);
}

std::vector<ClassScores> class_scores(std::span<const std::uint64_t> confusion, std::uint32_t classes) {
  std::vector<ClassScores> scores(classes);
  for (std::uint32_t c = 0; c < classes; ++c) {
    const Margins margins = margins_of(confusion, classes, c);
    const auto hit = static_cast<double>(margins.hit);
    scores[c] = {.precision = ratio(hit, static_cast<double>(margins.predicted)),
                 .recall = ratio(hit, static_cast<double>(margins.truth)),
                 .f1 = ratio(2 * hit, static_cast<double>(margins.truth + margins.predicted)),
                 .support = margins.truth,
                 .predicted = margins.predicted};
  }
  return scores;
}

AverageScores macro_scores(std::span<const std::uint64_t> confusion, std::uint32_t classes) {
  const std::vector<ClassScores> scores = class_scores(confusion, classes);
  return average(scores, std::vector<double>(classes, 1.0));
}

AverageScores weighted_scores(std::span<const std::uint64_t> confusion, std::uint32_t classes) {
  const std::vector<ClassScores> scores = class_scores(confusion, classes);
  std::vector<double> weights;
  for (const ClassScores& score : scores) weights.push_back(static_cast<double>(score.support));
  return average(scores, weights);
}

std::span<const Metric> metrics() { return kMetrics; }

std::vector<double> metric_values(const Tally& tally) {
  const std::uint32_t classes = classes_of(tally.confusion);
  const Scores scores{.tally = tally,
                      .macro = macro_scores(tally.confusion, classes),
                      .weighted = weighted_scores(tally.confusion, classes)};
  std::vector<double> values;
  for (const Metric& metric : metrics()) values.push_back(metric.value(scores));
  return values;
}

std::vector<ConfusedPair> confused_pairs(std::span<const std::uint64_t> confusion, std::uint32_t classes,
                                         std::size_t most) {
  std::vector<ConfusedPair> pairs;
  for (std::uint32_t truth = 0; truth < classes; ++truth) {
    for (std::uint32_t predicted = 0; predicted < classes; ++predicted) {
      const std::uint64_t images = confusion[std::size_t{truth} * classes + predicted];
      if (truth != predicted && images > 0) pairs.push_back({truth, predicted, images});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const ConfusedPair& a, const ConfusedPair& b) { return a.images > b.images; });
  pairs.resize(std::min(pairs.size(), most));
  return pairs;
}

}  // namespace titrate::study
