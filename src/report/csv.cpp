#include "csv.hpp"

#include <cmath>
#include <set>

#include "labels.hpp"
#include "layout.hpp"
#include "titrate/core/text.hpp"
#include "titrate/data/schedule.hpp"
#include "titrate/study/network.hpp"

namespace titrate::report {
namespace {

using Row = std::vector<std::string>;

std::string number(double value) { return std::isnan(value) ? "nan" : shortest(value); }
std::string known(double value) { return std::isnan(value) ? "" : shortest(value); }
std::string known(const std::optional<double>& value) { return value ? number(*value) : ""; }

void append(Row& row, const Row& more) { row.insert(row.end(), more.begin(), more.end()); }

// What came of a trial under one condition.
Row result_columns() {
  Row columns = {"test_noise_level", "train_images", "steps"};
  append(columns, metric_columns());
  columns.emplace_back("best_epoch");
  return columns;
}

// The axes that have no column of their own, with the names of theirs.
struct OtherAxes {
  Row keys{}, names{};
};

OtherAxes other_axes(const study::Study& study) {
  const std::set<std::string> own = {"network.name", "data.size", "data.synthetic_ratio", "data.noise_level",
                                     "seed"};
  const Row results = result_columns();
  std::multiset<std::string> taken(results.begin(), results.end());
  for (const char* name : {"trial", "status", "network", "size", "synthetic_ratio", "noise_level", "seed"})
    taken.insert(name);
  const auto last_name = [](const std::string& key) { return key.substr(key.rfind('.') + 1); };
  OtherAxes axes;
  for (const study::Axis& axis : study.axes) {
    if (own.contains(axis.key)) continue;
    axes.keys.push_back(axis.key);
    taken.insert(last_name(axis.key));
  }
  for (const std::string& key : axes.keys)
    axes.names.push_back(taken.count(last_name(key)) == 1 ? last_name(key) : key);
  return axes;
}

Row values_of(const study::Settings& settings, const Row& keys) {
  if (keys.empty()) return {};
  Row row;
  const auto values = study::all_values(settings);
  for (const std::string& key : keys) row.push_back(value_text(values.at(key)));
  return row;
}

Row data_columns(const study::Settings& settings) {
  return {study::network_text(settings), std::to_string(settings.data.size),
          shortest(settings.data.synthetic_ratio), shortest(settings.data.noise_level)};
}

Row results_of(const study::TrialOutcome& outcome, const study::ConditionRecord& condition) {
  Row row = {shortest(condition.noise.level), std::to_string(outcome.train_images),
             std::to_string(outcome.steps)};
  append(row, metric_fields(condition.tally));
  row.push_back(outcome.best_epoch > 0 ? std::to_string(outcome.best_epoch) : "");
  return row;
}

// Of each epoch. It leaves its last batch out where batch_norm would find too few images in it; then more
// epochs than otherwise were begun with the steps that were taken.
std::uint64_t batches_per_epoch(const study::TrialRecord& record) {
  const study::TrialOutcome& outcome = record.outcome;
  const bool broke_off = outcome.diverged && outcome.diverged->quantity != "test loss";
  const std::uint64_t epochs = outcome.epochs.size() + (broke_off ? 1 : 0);
  if (epochs == 0 || outcome.train_images == 0) return 0;
  if (record.settings.train.budget != study::Budget::steps) return outcome.steps / epochs;
  const std::uint32_t batch_size = record.settings.train.batch_size;
  const std::uint64_t all = data::batches_per_epoch(outcome.train_images, batch_size);
  return (outcome.steps + all - 1) / all == epochs ? all : outcome.train_images / batch_size;
}

std::uint64_t images_seen(const study::TrialRecord& record) {
  const study::TrialOutcome& outcome = record.outcome;
  return data::images_seen(outcome.steps, outcome.train_images, record.settings.train.batch_size,
                           batches_per_epoch(record));
}

Row columns_of(const study::Estimate& estimate, bool with_spread = true) {
  if (!with_spread) return {known(estimate.mean)};
  return {known(estimate.mean), known(estimate.sd), known(estimate.low()), known(estimate.high())};
}

}  // namespace

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

CsvTable::CsvTable(const Row& header) { add(header); }

void CsvTable::add(const Row& row) {
  Row fields;
  for (const std::string& text : row) fields.push_back(csv_field(text));
  text_ += join(fields, ",") + "\n";
}

std::vector<std::string> metric_columns() {
  Row columns;
  for (const study::Metric& metric : study::metrics()) columns.emplace_back(metric.column);
  return columns;
}

std::vector<std::string> metric_fields(const study::Tally& tally) {
  Row fields;
  for (double value : study::metric_values(tally)) fields.push_back(number(value));
  return fields;
}

std::string trials_csv(const study::Study& study, const std::vector<const study::TrialRecord*>& present) {
  const OtherAxes axes = other_axes(study);
  Row header = {"trial", "status", "network", "size", "synthetic_ratio", "noise_level", "seed"};
  append(header, axes.names);
  append(header, result_columns());
  CsvTable table(header);
  for (const study::TrialRecord* record : present) {
    Row start = {record->trial, choice_name(record->status)};
    append(start, data_columns(record->settings));
    start.push_back(std::to_string(record->settings.seed));
    append(start, values_of(record->settings, axes.keys));
    if (record->status != study::Status::done) {
      append(start, Row(result_columns().size()));
      table.add(start);
      continue;
    }
    for (const study::ConditionRecord& condition : record->outcome.conditions) {
      Row row = start;
      append(row, results_of(record->outcome, condition));
      table.add(row);
    }
  }
  return table.text();
}

std::string cells_csv(const study::Study& study, const Summary& summary) {
  const OtherAxes axes = other_axes(study);
  Row header = {"network", "size", "synthetic_ratio", "noise_level"};
  append(header, axes.names);
  append(header, {"test_noise_level", "seeds", "diverged", "failed", "missing", "train_images", "steps"});
  for (const study::Metric& metric : study::metrics()) {
    const std::string name = metric.column;
    if (metric.in_cells) append(header, {name, name + "_sd", name + "_low", name + "_high"});
  }
  const Row gain_columns = {"compared", "baseline", "gain_seeds", "gain",
                            "gain_sd",  "gain_low", "gain_high",  "verdict"};
  append(header, gain_columns);
  CsvTable table(header);
  const study::Comparison* comparison = summary.main_comparison();
  for (std::size_t i = 0; i < summary.cells.size(); ++i) {
    const Cell& cell = summary.cells[i];
    Row row = data_columns(cell.settings);
    append(row, values_of(cell.settings, axes.keys));
    append(row, {shortest(cell.test_noise_level), std::to_string(cell.seeds.size()),
                 std::to_string(cell.diverged), std::to_string(cell.failed), std::to_string(cell.missing)});
    append(row, columns_of(cell.train_images, false));
    append(row, columns_of(cell.steps, false));
    for (std::size_t m = 0; m < study::metrics().size(); ++m) {
      if (study::metrics()[m].in_cells) append(row, columns_of(cell.metrics[m]));
    }
    const study::Pair* pair = comparison == nullptr ? nullptr : pair_of(*comparison, i);
    if (pair == nullptr) {
      append(row, Row(gain_columns.size()));
    } else {
      append(row, {comparison->axis, value_text(comparison->baseline), std::to_string(pair->accuracy.n)});
      append(row, columns_of(pair->accuracy));
      row.push_back(choice_name(pair->verdict));
    }
    table.add(row);
  }
  return table.text();
}

std::string per_class_csv(const study::Study& study, const std::vector<const study::TrialRecord*>& present) {
  CsvTable table({"trial", "test_noise_level", "class", "precision", "recall", "f1", "support"});
  for (const study::TrialRecord* record : present) {
    if (record->status != study::Status::done) continue;
    for (const study::ConditionRecord& condition : record->outcome.conditions) {
      const std::vector<std::uint64_t>& confusion = condition.tally.confusion;
      const std::vector<std::string> names = class_names(study, study::classes_of(confusion));
      const auto scores = study::class_scores(confusion, study::classes_of(confusion));
      for (std::size_t c = 0; c < scores.size(); ++c) {
        table.add({record->trial, shortest(condition.noise.level), names[c], number(scores[c].precision),
                   number(scores[c].recall), number(scores[c].f1), std::to_string(scores[c].support)});
      }
    }
  }
  return table.text();
}

std::string epochs_csv(const std::vector<const study::TrialRecord*>& present) {
  CsvTable table({"trial", "epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy",
                  "learning_rate"});
  for (const study::TrialRecord* record : present) {
    for (std::size_t e = 0; e < record->outcome.epochs.size(); ++e) {
      const study::EpochRecord& epoch = record->outcome.epochs[e];
      table.add({record->trial, std::to_string(e + 1), number(epoch.train_loss), number(epoch.train_accuracy),
                 known(epoch.validation_loss), known(epoch.validation_accuracy),
                 number(epoch.learning_rate)});
    }
  }
  return table.text();
}

std::string timing_csv(const std::vector<const study::TrialRecord*>& present) {
  CsvTable table({"trial", "attempt", "train_seconds", "test_seconds", "total_seconds",
                  "train_images_per_second", "host", "world_rank", "width"});
  for (const study::TrialRecord* record : present) {
    const study::Timing& timing = record->timing;
    const auto images = static_cast<double>(images_seen(*record));
    table.add({record->trial, std::to_string(record->attempt), shortest(timing.train_seconds),
               shortest(timing.test_seconds), shortest(timing.total_seconds),
               timing.train_seconds > 0 ? fixed(images / timing.train_seconds, 1) : "", timing.host,
               std::to_string(timing.world_rank), std::to_string(timing.width)});
  }
  return table.text();
}

}  // namespace titrate::report
