#include "titrate/report/report.hpp"

#include "titrate/core/file.hpp"
#include "titrate/report/csv.hpp"
#include "titrate/report/html.hpp"
#include "titrate/report/table.hpp"
#include "titrate/report/trial.hpp"
#include "titrate/study/journal.hpp"

namespace titrate::report {

void write_report(const std::filesystem::path& run_folder, const study::Study& study,
                  const std::vector<study::TrialRecord>& records) {
  const Summary summary = summarise(study, records);
  const std::vector<const study::TrialRecord*> present = study::present_records(study::grid(study), records);
  write_file(run_folder / "trials.csv", trials_csv(study, present));
  write_file(run_folder / "cells.csv", cells_csv(study, summary));
  write_file(run_folder / "per_class.csv", per_class_csv(study, present));
  write_file(run_folder / "epochs.csv", epochs_csv(present));
  write_file(run_folder / "classification.json", classification_list(study, present));
  write_file(run_folder / "timing.csv", timing_csv(present));
  write_file(run_folder / "summary.json", summary_json(study, summary));
  write_file(run_folder / "report.html", report_html(study, summary));
}

std::string terminal_table(const study::Study& study, const std::vector<study::TrialRecord>& records) {
  return table_text(study, summarise(study, records));
}

}  // namespace titrate::report
