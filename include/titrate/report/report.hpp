// Everything that is derived from a run's records. It can be made again at any time, and says the same.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "titrate/study/record.hpp"
#include "titrate/study/study.hpp"

namespace titrate::report {

struct Summary;

// A run, summarised once for all that is written of it. Points to the study and the records, which must
// outlive it.
struct Report {
  const study::Study* study = nullptr;
  std::vector<const study::TrialRecord*> present{};  // of the trials of the grid
  std::shared_ptr<const Summary> summary{};
};

// `grid` is that of the study. Records of other trials are left out.
Report make_report(const study::Study& study, std::span<const study::Trial> grid,
                   const std::vector<study::TrialRecord>& records);

// Writes trials.csv, cells.csv, per_class.csv, epochs.csv, timing.csv, classification.json, summary.json and
// report.html into the folder. Throws Error (io).
void write_report(const Report& report, const std::filesystem::path& run_folder);

// The same result as text for a terminal of 80 columns.
std::string terminal_text(const Report& report);

}  // namespace titrate::report
