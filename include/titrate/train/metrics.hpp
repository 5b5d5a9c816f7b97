// What a classifier did on a set of images, as sums and counts until something prints them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace titrate::train {

// One image: the class with the largest logit and the cross-entropy of the true class.
struct Prediction {
  std::int32_t predicted = 0;
  float loss = 0;
};

struct Tally {
  std::uint64_t images = 0;
  std::uint64_t correct = 0;
  double loss_sum = 0;
  std::vector<std::uint64_t> confusion{};  // [true class][predicted class]

  double accuracy() const;  // fraction of 1
  double mean_loss() const;
};

// Adds in the order of the images, so the sum does not depend on who computed which.
Tally tally(std::span<const std::int32_t> truth, std::span<const Prediction> predictions,
            std::uint32_t classes);

// Unweighted means over the classes that occur in truth or predictions; a ratio without a denominator is 0.
// As scikit-learn's precision_recall_fscore_support(average="macro", zero_division=0).
struct MacroScores {
  double precision = 0, recall = 0, f1 = 0;
};
MacroScores macro_scores(std::span<const std::uint64_t> confusion, std::uint32_t classes);

// The same three for one class, with the images that are truly of it.
struct ClassScores {
  double precision = 0, recall = 0, f1 = 0;
  std::uint64_t support = 0;
};
std::vector<ClassScores> class_scores(std::span<const std::uint64_t> confusion, std::uint32_t classes);

}  // namespace titrate::train
