#include "titrate/report/evaluations.hpp"

#include <algorithm>
#include <map>

#include "csv.hpp"
#include "labels.hpp"
#include "titrate/core/text.hpp"
#include "titrate/study/network.hpp"
#include "titrate/study/statistics.hpp"
#include "titrate/study/study.hpp"

namespace titrate::report {
namespace {

std::string condition_text(const image::Noise& noise) {
  return noise.level == 0 ? "clean" : choice_name(noise.kind) + " " + shortest(noise.level);
}

std::string cell_text(const study::Study& study, const study::Settings& settings) {
  std::vector<std::string> parts;
  for (const study::Axis& axis : study.axes) {
    if (axis.key != "seed" && axis.values.size() > 1) parts.push_back(level_phrase(axis.key, settings));
  }
  return parts.empty() ? study::network_text(settings) : join(parts, ", ");
}

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(width - std::min(width, width_of(text)), ' ');
}

}  // namespace

std::string evaluations_csv(const std::vector<study::Evaluation>& evaluations) {
  const auto with_metrics = [](std::vector<std::string> row, const std::vector<std::string>& metrics) {
    row.insert(row.end(), metrics.begin(), metrics.end());
    return row;
  };
  CsvTable table(with_metrics(
      {"trial", "network", "seed", "dataset", "test_noise_kind", "test_noise_level", "test_images"},
      metric_columns()));
  for (const study::Evaluation& e : evaluations) {
    table.add(
        with_metrics({e.trial, study::network_text(e.settings), std::to_string(e.settings.seed), e.dataset,
                      choice_name(e.noise.kind), shortest(e.noise.level), std::to_string(e.tally.images)},
                     metric_fields(e.tally)));
  }
  return table.text();
}

std::string evaluations_table(const study::Study& study, const std::vector<study::Evaluation>& evaluations) {
  // Cells in the order of their first trial, conditions in the order given.
  std::vector<std::vector<std::string>> rows;
  std::vector<std::vector<double>> accuracies;
  std::map<std::string, std::size_t> places;
  for (const study::Evaluation& e : evaluations) {
    const std::string condition = condition_text(e.noise),
                      key = study::cell_key(e.settings) + e.fingerprint + condition;
    const auto [place, fresh] = places.try_emplace(key, rows.size());
    if (fresh) {
      rows.push_back({shortened(cell_text(study, e.settings), 60), shortened(e.dataset, 24), condition});
      accuracies.emplace_back();
    }
    accuracies[place->second].push_back(100 * e.tally.accuracy());
  }
  std::vector<std::size_t> widths(3);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text = "test accuracy in %, mean ± half of the 95 % t interval\n";
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t i = 0; i < widths.size(); ++i) text += padded(rows[r][i], widths[i]) + "  ";
    const study::Estimate mean = study::estimate(std::span<const double>(accuracies[r]));
    text += fixed(mean.mean, 2) + (mean.has_interval() ? " ± " + fixed(mean.half_width, 2) : "") + "  " +
            counted(mean.n, "seed") + "\n";
  }
  return text;
}

}  // namespace titrate::report
