// One trial by itself: how well it told the classes apart, and what it mistook for what.
#pragma once

#include <string>
#include <vector>

#include "titrate/study/record.hpp"
#include "titrate/study/study.hpp"

namespace titrate::report {

// classification.json: a JSON array with one object per trial that is done and condition, by trial id, one to
// a line: {"trial", "test_noise_level", "report": as classification_json(), "confusion": [[...]] by true
// class, "confused": [["4", "9", 23], ...] the ten most frequent mistakes, "calibration_error"}. `present` is
// that of present_records().
std::string classification_list(const study::Study& study,
                                const std::vector<const study::TrialRecord*>& present);

// For a terminal: what the trial was, and for each condition its classification report, its most frequent
// mistakes and its calibration error; the reason where it did not get that far.
std::string trial_text(const study::Study& study, const study::TrialRecord& record);

}  // namespace titrate::report
