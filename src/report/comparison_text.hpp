// What a comparison is called, and what it found in a sentence: in the words of whatever was compared.
#pragma once

#include <string>

#include "summary.hpp"

namespace titrate::report {

struct ComparisonWords {
  std::string heading{};      // "What augmentation did", "resnet-20 against simple-cnn"
  std::string chart_title{};  // "What augmentation changed"
  std::string against{};      // the baseline: "no augmentation", "simple-cnn"
  std::string same_cell{};    // the baseline of a cell: "without augmentation", "with simple-cnn"
  // Of a treatment "help", "hurt"; of a choice between named levels "better", "worse".
  std::string help{}, hurt{};
  std::string helps{}, hurts{}, be{};  // "it" + be + helps: "helps", "is better"

  const std::string& verb(study::Verdict verdict) const;   // help, hurt, or none
  const std::string& verbs(study::Verdict verdict) const;  // helps, hurts, or none
};

ComparisonWords words_of(const Summary& summary, const study::Comparison& comparison);

// "help", "worse", "no clear difference", ...
std::string verdict_text(const ComparisonWords& words, study::Verdict verdict);

// Where and by how much it helped and hurt most: a sentence or two of plain text. Empty where no pair has
// seeds enough.
std::string comparison_sentence(const Summary& summary, const study::Comparison& comparison);

// "95 % interval 7.1 to 9.7, 10 seeds": of a mean in %.
std::string interval_text(const study::Estimate& estimate);

// As many digits as the interval deserves: two below half a point.
int digits_for(const study::Estimate& estimate);

}  // namespace titrate::report
