#include "classification.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "labels.hpp"
#include "titrate/core/text.hpp"
#include "titrate/study/metrics.hpp"

namespace titrate::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kDigits = 2;
constexpr std::size_t kColumn = 9;
constexpr std::string_view kAccuracy = "accuracy", kMacro = "macro avg", kWeighted = "weighted avg";

struct Line {
  std::string name{};
  double precision = 0, recall = 0, f1 = 0;
  std::uint64_t support = 0;
};

struct Report {
  std::vector<Line> classes{};
  double accuracy = 0;
  Line macro{}, weighted{};
  std::uint64_t images = 0, correct = 0;
};

Line line_of(std::string_view name, const study::AverageScores& scores, std::uint64_t images) {
  return {std::string(name), scores.precision, scores.recall, scores.f1, images};
}

Report report_of(std::span<const std::uint64_t> confusion, std::span<const std::string> names) {
  const auto classes = static_cast<std::uint32_t>(names.size());
  const std::vector<study::ClassScores> scores = study::class_scores(confusion, classes);
  Report report;
  for (std::size_t c = 0; c < names.size(); ++c) {
    const study::ClassScores& score = scores[c];
    report.images += score.support;
    report.correct += confusion[c * names.size() + c];
    if (score.occurs())
      report.classes.push_back({names[c], score.precision, score.recall, score.f1, score.support});
  }
  if (report.images > 0)
    report.accuracy = static_cast<double>(report.correct) / static_cast<double>(report.images);
  report.macro = line_of(kMacro, study::macro_scores(confusion, classes), report.images);
  report.weighted = line_of(kWeighted, study::weighted_scores(confusion, classes), report.images);
  return report;
}

std::string right(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, width_of(text)), ' ') + text;
}

// Without one correct image, scikit-learn counts in floating point: its supports read "3.0".
std::string support_text(const Report& report, std::uint64_t support) {
  const bool floating = report.images > 0 && report.correct == 0;
  return std::to_string(support) + (floating ? ".0" : "");
}

// A count with more digits than a column is wide pushes the line out, as it does there.
std::string row(std::size_t name_width, std::string_view name, const std::vector<std::string>& columns) {
  std::string text = right(std::string(name), name_width) + " ";
  for (const std::string& column : columns) text += " " + right(column, kColumn);
  return text + "\n";
}

Json to_json(const Line& line) {
  return {{"precision", line.precision},
          {"recall", line.recall},
          {"f1-score", line.f1},
          {"support", static_cast<double>(line.support)}};
}

}  // namespace

std::string classification_text(std::span<const std::uint64_t> confusion,
                                std::span<const std::string> names) {
  const Report report = report_of(confusion, names);
  std::size_t width = kWeighted.size();
  for (const Line& line : report.classes) width = std::max(width, width_of(line.name));
  const auto line_text = [&](const Line& line) {
    return row(width, line.name,
               {fixed(line.precision, kDigits), fixed(line.recall, kDigits), fixed(line.f1, kDigits),
                support_text(report, line.support)});
  };

  std::string text = row(width, "", {"precision", "recall", "f1-score", "support"}) + "\n";
  for (const Line& line : report.classes) text += line_text(line);
  text += "\n";
  text +=
      row(width, kAccuracy, {"", "", fixed(report.accuracy, kDigits), support_text(report, report.images)});
  return text + line_text(report.macro) + line_text(report.weighted);
}

std::string classification_json(std::span<const std::uint64_t> confusion,
                                std::span<const std::string> names) {
  const Report report = report_of(confusion, names);
  Json json = Json::object();
  for (const Line& line : report.classes) json[line.name] = to_json(line);
  json[std::string(kAccuracy)] = report.accuracy;
  json[report.macro.name] = to_json(report.macro);
  json[report.weighted.name] = to_json(report.weighted);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace titrate::report
