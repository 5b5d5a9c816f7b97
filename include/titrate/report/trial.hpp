// One trial by itself: how well it told the classes apart, and what it mistook for what.
#pragma once

#include <string>
#include <vector>

#include "titrate/sweep/record.hpp"
#include "titrate/sweep/study.hpp"

namespace titrate::report {

// classification.json: a JSON array with one object per trial that is done and condition, by trial id, one to
// a line: {"trial", "test_noise_level", "report": as classification_json(), "confusion": [[...]] by true
// class, "confused": [["4", "9", 23], ...] the ten most frequent mistakes, "calibration_error"}. `present` is
// that of present_records().
std::string classification_list(const sweep::Study& study,
                                const std::vector<const sweep::TrialRecord*>& present);

// The record whose trial begins with `id`. Throws Error (usage) where there is none, or several trials begin
// so.
const sweep::TrialRecord& find_trial(const std::vector<sweep::TrialRecord>& records, const std::string& id);

// For a terminal: what the trial was, and for each condition its classification report, its most frequent
// mistakes and its calibration error; the reason where it did not get that far.
std::string trial_text(const sweep::Study& study, const sweep::TrialRecord& record);

}  // namespace titrate::report
