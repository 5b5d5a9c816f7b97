// Everything that is derived from a run's records. It can be made again at any time, and says the same.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "titrate/study/record.hpp"
#include "titrate/study/study.hpp"

namespace titrate::report {

// Writes trials.csv, cells.csv, per_class.csv, epochs.csv, timing.csv, classification.json, summary.json and
// report.html into the folder.
// Records of trials that are not in the study's present grid are left out. Throws Error (io).
void write_report(const std::filesystem::path& run_folder, const study::Study& study,
                  const std::vector<study::TrialRecord>& records);

// The same result as text for a terminal of 80 columns.
std::string terminal_table(const study::Study& study, const std::vector<study::TrialRecord>& records);

}  // namespace titrate::report
