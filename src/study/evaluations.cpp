#include "titrate/study/evaluations.hpp"

#include <map>
#include <nlohmann/json.hpp>

#include "titrate/core/error.hpp"
#include "titrate/core/json_lines.hpp"
#include "titrate/study/keys.hpp"
#include "titrate/study/record.hpp"

namespace titrate::study {
namespace {

using Json = nlohmann::ordered_json;

std::filesystem::path evaluations_file(const std::filesystem::path& run_folder) {
  return run_folder / "evaluations.jsonl";
}

}  // namespace

std::string to_json(const Evaluation& evaluation) {
  const Json json{{"trial", evaluation.trial},
                  {"settings", Json::parse(canonical(evaluation.settings))},
                  {"dataset", evaluation.dataset},
                  {"fingerprint", evaluation.fingerprint},
                  {"condition", Json::parse(condition_json({evaluation.noise, evaluation.tally}))}};
  return json.dump();
}

Evaluation parse_evaluation(const std::string& text, const std::string& where) {
  try {
    const Json json = Json::parse(text);
    ConditionRecord condition = parse_condition(json.at("condition").dump());
    return {.trial = json.at("trial"),
            .settings = parse_settings(json.at("settings").dump(), where),
            .dataset = json.at("dataset"),
            .fingerprint = json.at("fingerprint"),
            .noise = condition.noise,
            .tally = std::move(condition.tally)};
  } catch (const std::exception& error) {
    throw Error({.code = ErrorCode::integrity,
                 .where = where,
                 .what = "not an evaluation of this version",
                 .got = error.what()});
  }
}

void append_evaluations(const std::filesystem::path& run_folder, const std::vector<Evaluation>& evaluations) {
  JsonLinesWriter lines(evaluations_file(run_folder));
  for (const Evaluation& evaluation : evaluations) lines.append(to_json(evaluation));
}

std::vector<Evaluation> read_evaluations(const std::filesystem::path& run_folder, const Log& log) {
  const std::filesystem::path file = evaluations_file(run_folder);
  std::error_code absent;
  if (!std::filesystem::exists(file, absent)) return {};
  const JsonLines lines = read_json_lines(file);
  for (const std::size_t line : lines.damaged_lines)
    log.warn(file.string() + ":" + std::to_string(line) + ": damaged line left out; evaluate again");
  std::map<std::tuple<std::string, std::string, image::NoiseKind, double>, Evaluation> latest;
  for (const std::string& object : lines.objects) {
    Evaluation read = parse_evaluation(object, file.string());
    latest[{read.trial, read.fingerprint, read.noise.kind, read.noise.level}] = std::move(read);
  }
  std::vector<Evaluation> evaluations;
  for (auto& [key, evaluation] : latest) evaluations.push_back(std::move(evaluation));
  return evaluations;
}

}  // namespace titrate::study
