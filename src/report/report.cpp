#include "titrate/report/report.hpp"

#include "csv.hpp"
#include "html.hpp"
#include "summary.hpp"
#include "table.hpp"
#include "titrate/core/file.hpp"
#include "titrate/report/trial.hpp"
#include "titrate/study/journal.hpp"

namespace titrate::report {

Report make_report(const study::Study& study, std::span<const study::Trial> grid,
                   const std::vector<study::TrialRecord>& records) {
  Report report{.study = &study, .present = study::present_records(grid, records)};
  report.summary = std::make_shared<const Summary>(summarise(study, grid, report.present));
  return report;
}

void write_report(const Report& report, const std::filesystem::path& run_folder) {
  const auto& [study, present, summary] = report;
  write_file(run_folder / "trials.csv", trials_csv(*study, present));
  write_file(run_folder / "cells.csv", cells_csv(*study, *summary));
  write_file(run_folder / "per_class.csv", per_class_csv(*study, present));
  write_file(run_folder / "epochs.csv", epochs_csv(present));
  write_file(run_folder / "classification.json", classification_list(*study, present));
  write_file(run_folder / "timing.csv", timing_csv(present));
  write_file(run_folder / "summary.json", summary_json(*study, *summary));
  write_file(run_folder / "report.html", report_html(*study, *summary));
}

std::string terminal_text(const Report& report) { return table_text(*report.study, *report.summary); }

}  // namespace titrate::report
