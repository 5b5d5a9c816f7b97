#include "titrate/train/metrics.hpp"

namespace titrate::train {
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

}  // namespace

double Tally::accuracy() const { return ratio(static_cast<double>(correct), static_cast<double>(images)); }

double Tally::mean_loss() const { return ratio(loss_sum, static_cast<double>(images)); }

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
  }
  return result;
}

std::vector<ClassScores> class_scores(std::span<const std::uint64_t> confusion, std::uint32_t classes) {
  std::vector<ClassScores> scores(classes);
  for (std::uint32_t c = 0; c < classes; ++c) {
    const Margins margins = margins_of(confusion, classes, c);
    const auto hit = static_cast<double>(margins.hit);
    scores[c] = {.precision = ratio(hit, static_cast<double>(margins.predicted)),
                 .recall = ratio(hit, static_cast<double>(margins.truth)),
                 .f1 = ratio(2 * hit, static_cast<double>(margins.truth + margins.predicted)),
                 .support = margins.truth};
  }
  return scores;
}

MacroScores macro_scores(std::span<const std::uint64_t> confusion, std::uint32_t classes) {
  const std::vector<ClassScores> scores = class_scores(confusion, classes);
  MacroScores sums;
  double present = 0;
  for (std::uint32_t c = 0; c < classes; ++c) {
    const Margins margins = margins_of(confusion, classes, c);
    if (margins.truth + margins.predicted == 0) continue;
    present += 1;
    sums.precision += scores[c].precision;
    sums.recall += scores[c].recall;
    sums.f1 += scores[c].f1;
  }
  return {ratio(sums.precision, present), ratio(sums.recall, present), ratio(sums.f1, present)};
}

}  // namespace titrate::train
