// Studies and records made up for tests: two classes, so that every number can be checked by hand.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "titrate/sweep/record.hpp"
#include "titrate/sweep/study.hpp"

namespace titrate::report {

template <class T>
sweep::Axis axis(std::string key, std::initializer_list<T> values) {
  sweep::Axis result{.key = std::move(key)};
  for (const T& value : values) result.values.push_back({value});
  return result;
}

inline sweep::Study made_up_study() {
  sweep::Study study{.name = "made-up", .dataset = "datasets/made-up"};
  study.fingerprint = "f00d";
  study.class_names = {"cat", "dog"};
  return study;
}

// A test of 100 images, 50 of each class: `correct` of them right, all mistakes are cats called dogs.
inline train::Tally made_up_tally(std::uint64_t correct, double loss_sum) {
  return {.images = 100,
          .correct = correct,
          .loss_sum = loss_sum,
          .confusion = {correct - 50, 100 - correct, 0, 50}};
}

// One test condition with each number of correct images.
inline sweep::TrialRecord done(const sweep::Trial& trial, std::initializer_list<std::uint64_t> correct) {
  sweep::TrialRecord record{.trial = trial.id, .settings = trial.settings, .fingerprint = "f00d"};
  record.version = "0.1.0";
  record.numerics = "made-up";
  record.timing = {.train_seconds = 2, .test_seconds = 1, .total_seconds = 4, .host = "here"};
  record.outcome.train_images = trial.settings.data.size;
  record.outcome.steps = 30;
  record.outcome.epochs.resize(3);
  for (std::uint64_t count : correct) {
    const std::vector<double>& levels = trial.settings.evaluate.noise_levels;
    const double level =
        levels.empty() ? trial.settings.data.noise_level : levels[record.outcome.conditions.size()];
    record.outcome.conditions.push_back({{.level = level}, made_up_tally(count, 25)});
  }
  return record;
}

inline sweep::TrialRecord failed(const sweep::Trial& trial, const std::string& reason) {
  sweep::TrialRecord record = done(trial, {});
  record.status = sweep::Status::failed;
  record.reason = reason;
  record.outcome = {};
  return record;
}

inline sweep::TrialRecord diverged(const sweep::Trial& trial) {
  sweep::TrialRecord record = done(trial, {});
  record.status = sweep::Status::diverged;
  record.outcome.diverged = true;
  return record;
}

}  // namespace titrate::report
