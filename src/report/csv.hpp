// The tables for other programs: RFC 4180 with a header line and \n line ends, numbers in the shortest form
// that reads back as the same double, accuracies and scores as fractions of 1. What is unknown is empty.
#pragma once

#include <string>
#include <vector>

#include "summary.hpp"

namespace titrate::report {

// Quoted where it holds a comma, a quote or a line end.
std::string csv_field(const std::string& text);

class CsvTable {
 public:
  explicit CsvTable(const std::vector<std::string>& header);
  void add(const std::vector<std::string>& row);
  const std::string& text() const { return text_; }

 private:
  std::string text_{};
};

// Every metric of a test.
std::vector<std::string> metric_columns();
std::vector<std::string> metric_fields(const study::Tally& tally);

// `present` is that of present_records(). All but timing_csv are a function of results alone: whoever ran a
// trial, wherever, their bytes are the same.

// One row per trial and condition, by trial id; one row without metrics for a trial that failed or diverged.
// Columns: trial, status, network, size (0: all real images), synthetic_ratio, noise_level, seed, the study's
// other axes under their last names where those are unambiguous, test_noise_level, train_images, steps, every
// metric, best_epoch (where there was validation).
std::string trials_csv(const study::Study& study, const std::vector<const study::TrialRecord*>& present);

// One row per cell: means over its seeds with standard deviation and 95 % t interval, and the gain in
// accuracy over the cell that the study's first comparison pairs it with.
std::string cells_csv(const study::Study& study, const Summary& summary);

// One row per trial, condition and class.
std::string per_class_csv(const study::Study& study, const std::vector<const study::TrialRecord*>& present);

// One row per trial and epoch (from 1), also of trials that diverged later: loss and accuracy of training
// and, where there was validation, of it, and the learning rate of the last step.
std::string epochs_csv(const std::vector<const study::TrialRecord*>& present);

// One row per trial: where and how fast it ran.
std::string timing_csv(const std::vector<const study::TrialRecord*>& present);

}  // namespace titrate::report
