// What later tests of kept networks found.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "titrate/core/log.hpp"
#include "titrate/image/noise.hpp"
#include "titrate/study/metrics.hpp"
#include "titrate/study/settings.hpp"

namespace titrate::study {

// One kept network under one condition.
struct Evaluation {
  std::string trial{};
  Settings settings{};
  std::string dataset{};      // its name
  std::string fingerprint{};  // and content
  image::Noise noise{};
  Tally tally{};
};

// One line of JSON, and back. Throws Error (integrity) that names `where`.
std::string to_json(const Evaluation& evaluation);
Evaluation parse_evaluation(const std::string& text, const std::string& where);

// RUN/evaluations.jsonl, to which each call appends; the latest of equal trial, dataset and noise counts.
// Sorted by trial, dataset, noise kind and level. Damaged lines are told and left out.
void append_evaluations(const std::filesystem::path& run_folder, const std::vector<Evaluation>& evaluations);
std::vector<Evaluation> read_evaluations(const std::filesystem::path& run_folder, const Log& log);

}  // namespace titrate::study
