#include "titrate/report/trial.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "classification.hpp"
#include "labels.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostConfused = 10;

Json matrix_json(const std::vector<std::uint64_t>& confusion, std::size_t classes) {
  Json rows = Json::array();
  for (std::size_t row = 0; row < classes; ++row) {
    const auto start = confusion.begin() + static_cast<std::ptrdiff_t>(row * classes);
    rows.push_back(std::vector<std::uint64_t>(start, start + static_cast<std::ptrdiff_t>(classes)));
  }
  return rows;
}

Json confused_json(const std::vector<std::uint64_t>& confusion, const std::vector<std::string>& names) {
  Json list = Json::array();
  for (const study::ConfusedPair& pair :
       study::confused_pairs(confusion, static_cast<std::uint32_t>(names.size()), kMostConfused))
    list.push_back({names[pair.truth], names[pair.predicted], pair.images});
  return list;
}

Json condition_json(const study::Study& study, const study::TrialRecord& record,
                    const study::ConditionRecord& condition) {
  const std::vector<std::uint64_t>& confusion = condition.tally.confusion;
  const std::vector<std::string> names = class_names(study, study::classes_of(confusion));
  Json json = {{"trial", record.trial},
               {"test_noise_level", condition.noise.level},
               {"report", Json::parse(classification_json(confusion, names))},
               {"confusion", matrix_json(confusion, names.size())},
               {"confused", confused_json(confusion, names)}};
  const std::vector<double> values = study::metric_values(condition.tally);
  for (std::size_t m = 0; m < values.size(); ++m) {
    const study::Metric& metric = study::metrics()[m];
    if (metric.beside_report) json[metric.column] = values[m];
  }
  return json;
}

std::string condition_text(const study::Study& study, const study::ConditionRecord& condition) {
  const study::Tally& tally = condition.tally;
  const std::vector<std::string> names = class_names(study, study::classes_of(tally.confusion));
  const std::string confused = confused_text(tally.confusion, names, kMostConfused);
  std::string text = "\ntest noise level " + shortest(condition.noise.level) +
                     (condition.noise.level > 0 ? " (" + choice_name(condition.noise.kind) + ")" : "") +
                     ": accuracy " + fixed(100 * tally.accuracy(), 2) + " %, loss " +
                     fixed(tally.mean_loss(), 4) + "\n\n" + classification_text(tally.confusion, names) +
                     "\nmost often confused: " + (confused.empty() ? "none" : confused) + "\n";
  const std::vector<double> values = study::metric_values(tally);
  for (std::size_t m = 0; m < values.size(); ++m) {
    const study::Metric& metric = study::metrics()[m];
    if (metric.beside_report)
      text += std::string(metric.label) + ": " + metric_text(metric, values[m]) + "\n";
  }
  return text;
}

}  // namespace

std::string classification_list(const study::Study& study,
                                const std::vector<const study::TrialRecord*>& present) {
  std::vector<std::string> lines;
  for (const study::TrialRecord* record : present) {
    if (record->status != study::Status::done) continue;
    for (const study::ConditionRecord& condition : record->outcome.conditions) {
      lines.push_back(
          condition_json(study, *record, condition).dump(-1, ' ', false, Json::error_handler_t::replace));
    }
  }
  return lines.empty() ? "[]\n" : "[\n" + join(lines, ",\n") + "\n]\n";
}

std::string trial_text(const study::Study& study, const study::TrialRecord& record) {
  std::string text = "trial " + record.trial + ": " + choice_name(record.status) + "\n" +
                     study::describe_cell(record.settings) + " seed=" + std::to_string(record.settings.seed) +
                     "\n";
  if (!record.reason.empty()) text += "\n" + record.reason + "\n";
  for (const study::ConditionRecord& condition : record.outcome.conditions)
    text += condition_text(study, condition);
  return text;
}

}  // namespace titrate::report
