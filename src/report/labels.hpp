// How axes, levels, cells and differences are called, the same in every table and picture.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "summary.hpp"

namespace titrate::report {

// A value as a person writes it: no quotes around text, numbers in their shortest form.
std::string value_text(const Value& value);

// "98.76 %", "0.0432".
std::string metric_text(const study::Metric& metric, double value);

// The study's names of so many classes: a number where it has none.
std::vector<std::string> class_names(const study::Study& study, std::uint32_t classes);

// "4 as 9 (23), 7 as 1 (12)": the most frequent mistakes, at most `most` of them. Empty without mistakes.
std::string confused_text(std::span<const std::uint64_t> confusion, const std::vector<std::string>& names,
                          std::size_t most);

// "real images", "noise level", "learning rate": what an axis is called.
std::string axis_label(const study::Study& study, const std::string& key);

// Whether synthetic images take the place of real ones (data.mode) where no axis says otherwise.
bool replaces(const study::Study& study);

// A level beside its axis: "3,000", "all", "0.5".
std::string level_label(const Dimension& dimension, const Level& level);

// What settings have on an axis, a key, where it stands alone: "0.5 synthetic per real image", "no
// augmentation", "noise level 0.3", "simple-cnn", "5 epochs".
std::string level_phrase(const std::string& axis, const study::Settings& settings);

// What a cell has on a dimension.
std::string level_phrase(const Dimension& dimension, const Cell& cell);

// Every level of a cell: "3,000 real images, no synthetic images, noise level 0.3".
std::string cell_phrase(const Summary& summary, const Cell& cell);

// The same but for the noise of the test: what its trials were.
std::string training_phrase(const Summary& summary, const Cell& cell);

// What is equal between the arms of the study, for every chart.
std::string budget_text(const study::Study& study);

// How the study's trials are trained where no axis says otherwise: "5 epochs, batches of 25, sgd, learning
// rate 0.02, momentum 0.9".
std::string training_text(const study::Study& study);

// "1,260 of 1,260 trials done", and how many diverged, failed or are missing.
std::string trials_text(const Summary& summary);

// As a sentence begins.
std::string capitalised(std::string text);

// With a plus where there is no minus: "+1.50".
std::string signed_fixed(double value, int digits);

// What the run says, in a sentence or two: what the first treatment did where one is swept, else how well the
// best and the worst cell did. Plain text.
std::string headline(const Summary& summary);

}  // namespace titrate::report
