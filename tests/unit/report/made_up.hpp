// Studies and records made up for tests: two classes, so that every number can be checked by hand.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "../../../src/report/layout.hpp"
#include "../../../src/report/summary.hpp"
#include "titrate/study/journal.hpp"
#include "titrate/study/record.hpp"
#include "titrate/study/study.hpp"

namespace titrate::report {

template <class T>
study::Axis axis(std::string key, std::initializer_list<T> values) {
  study::Axis result{.key = std::move(key)};
  for (const T& value : values) result.values.push_back({value});
  return result;
}

inline study::Study made_up_study() {
  study::Study study{.name = "made-up", .dataset = "datasets/made-up"};
  study.fingerprint = "f00d";
  study.class_names = {"cat", "dog"};
  return study;
}

// A test of 100 images, 50 of each class: `correct` of them right, all mistakes are cats called dogs. The
// network is always 90 % sure.
inline study::Tally made_up_tally(std::uint64_t correct, double loss_sum) {
  study::Tally tally{.images = 100,
                     .correct = correct,
                     .loss_sum = loss_sum,
                     .confusion = {correct - 50, 100 - correct, 0, 50}};
  tally.calibration[13] = {.images = 100, .correct = correct, .probability_sum = 90};
  return tally;
}

// Of `count` epochs: the loss falls from 1 as 1 / epoch, accuracy rises from 50 % by 10 points.
inline std::vector<study::EpochRecord> made_up_epochs(std::size_t count) {
  std::vector<study::EpochRecord> epochs;
  for (std::size_t e = 0; e < count; ++e) {
    const auto done = static_cast<double>(e);
    epochs.push_back(
        {.train_loss = 1 / (done + 1), .train_accuracy = 0.5 + done / 10, .learning_rate = 0.01});
  }
  return epochs;
}

// The same with validation, whose loss is lowest after `best` epochs, and a little worse than training.
inline void validate(study::TrialOutcome& outcome, std::uint32_t best) {
  outcome.best_epoch = best;
  for (std::size_t e = 0; e < outcome.epochs.size(); ++e) {
    study::EpochRecord& epoch = outcome.epochs[e];
    epoch.validation_loss = e + 1 == best ? 0.25 : 0.75;
    epoch.validation_accuracy = epoch.train_accuracy - 0.25;
  }
}

// One test condition with each number of correct images.
inline study::TrialRecord done(const study::Trial& trial, std::initializer_list<std::uint64_t> correct) {
  study::TrialRecord record{.trial = trial.id, .settings = trial.settings, .fingerprint = "f00d"};
  record.version = "0.1.0";
  record.numerics = "made-up";
  record.timing = {.train_seconds = 2, .test_seconds = 1, .total_seconds = 4, .host = "here"};
  record.outcome.train_images = trial.settings.data.size;
  record.outcome.steps = 30;
  record.outcome.epochs = made_up_epochs(3);
  for (std::uint64_t count : correct) {
    const std::vector<double>& levels = trial.settings.evaluate.noise_levels;
    const double level =
        levels.empty() ? trial.settings.data.noise_level : levels[record.outcome.conditions.size()];
    record.outcome.conditions.push_back({{.level = level}, made_up_tally(count, 25)});
  }
  return record;
}

inline study::TrialRecord failed(const study::Trial& trial, const std::string& reason) {
  study::TrialRecord record = done(trial, {});
  record.status = study::Status::failed;
  record.reason = reason;
  record.outcome = {};
  return record;
}

inline study::TrialRecord diverged(const study::Trial& trial) {
  study::TrialRecord record = done(trial, {});
  record.status = study::Status::diverged;
  record.reason = "training loss was no finite number at step 7";
  record.outcome.diverged = {.step = 7, .quantity = "training loss"};
  return record;
}

inline Summary summary_of(const study::Study& study, const std::vector<study::TrialRecord>& records) {
  const std::vector<study::Trial> grid = study::grid(study);
  return summarise(study, grid, study::present_records(grid, records));
}

inline Layout layout_of(const Summary& summary) { return lay_out(summary, summary.main_comparison()); }

// The row of study::metrics() with this column.
inline std::size_t metric_row(std::string_view column) {
  std::size_t row = 0;
  while (study::metrics()[row].column != column) ++row;
  return row;
}

}  // namespace titrate::report
