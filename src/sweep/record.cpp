#include "titrate/sweep/record.hpp"

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "titrate/core/error.hpp"

namespace titrate::sweep {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kSchema = 1;

// "0x1.8p+3": every bit of a double, also of nan and inf, which JSON has no numbers for.
std::string exact(double value) {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%a", value);
  return buffer;
}

double read_exact(const Json& json) {
  return std::strtod(json.get_ref<const std::string&>().c_str(), nullptr);
}

Json optional_json(const std::optional<double>& value) { return value ? Json(exact(*value)) : Json(nullptr); }

std::optional<double> read_optional(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(read_exact(json));
}

Json settings_json(const Settings& settings) { return Json::parse(canonical(settings)); }

Value value_from(const Json& json) {
  if (json.is_boolean()) return {json.get<bool>()};
  if (json.is_number_integer()) return {json.get<std::int64_t>()};
  if (json.is_number()) return {json.get<double>()};
  if (json.is_string()) return {json.get<std::string>()};
  std::vector<Value> list;
  for (const Json& item : json) list.push_back(value_from(item));
  return {list};
}

Json epochs_json(const std::vector<train::EpochRecord>& epochs) {
  Json list = Json::array();
  for (const train::EpochRecord& epoch : epochs) {
    list.push_back({{"train_loss", exact(epoch.train_loss)},
                    {"train_accuracy", exact(epoch.train_accuracy)},
                    {"validation_loss", optional_json(epoch.validation_loss)},
                    {"validation_accuracy", optional_json(epoch.validation_accuracy)}});
  }
  return list;
}

Json conditions_json(const std::vector<train::ConditionRecord>& conditions) {
  Json list = Json::array();
  for (const train::ConditionRecord& condition : conditions) {
    list.push_back({{"noise_kind", image::to_text(condition.noise.kind)},
                    {"noise_level", exact(condition.noise.level)},
                    {"images", condition.tally.images},
                    {"correct", condition.tally.correct},
                    {"loss_sum", exact(condition.tally.loss_sum)},
                    {"confusion", condition.tally.confusion}});
  }
  return list;
}

// What must be the same whoever ran the trial.
Json result_json(const TrialRecord& record) {
  return {{"trial", record.trial},
          {"settings", settings_json(record.settings)},
          {"fingerprint", record.fingerprint},
          {"numerics", record.numerics},
          {"status", to_text(record.status)},
          {"train_images", record.outcome.train_images},
          {"steps", record.outcome.steps},
          {"epochs", epochs_json(record.outcome.epochs)},
          {"conditions", conditions_json(record.outcome.conditions)}};
}

train::TrialOutcome read_outcome(const Json& json) {
  train::TrialOutcome outcome{.train_images = json.at("train_images"), .steps = json.at("steps")};
  for (const Json& epoch : json.at("epochs")) {
    outcome.epochs.push_back({.train_loss = read_exact(epoch.at("train_loss")),
                              .train_accuracy = read_exact(epoch.at("train_accuracy")),
                              .validation_loss = read_optional(epoch.at("validation_loss")),
                              .validation_accuracy = read_optional(epoch.at("validation_accuracy"))});
  }
  for (const Json& condition : json.at("conditions")) {
    outcome.conditions.push_back(
        {{image::parse_noise_kind(condition.at("noise_kind").get<std::string>(), "noise_kind"),
          read_exact(condition.at("noise_level"))},
         {.images = condition.at("images"),
          .correct = condition.at("correct"),
          .loss_sum = read_exact(condition.at("loss_sum")),
          .confusion = condition.at("confusion")}});
  }
  return outcome;
}

Status parse_status(const std::string& text) {
  for (Status status : {Status::done, Status::diverged, Status::failed}) {
    if (to_text(status) == text) return status;
  }
  throw std::invalid_argument("status " + text);
}

TrialRecord read_record(const Json& json) {
  if (json.at("schema") != kSchema) throw std::invalid_argument("schema " + json.at("schema").dump());
  TrialRecord record{.attempt = json.at("attempt"), .trial = json.at("trial")};
  for (const auto& [key, value] : json.at("settings").items())
    set_key(record.settings, key, value_from(value), key);
  record.fingerprint = json.at("fingerprint");
  record.version = json.at("version");
  record.numerics = json.at("numerics");
  record.status = parse_status(json.at("status"));
  record.reason = json.at("reason");
  record.outcome = read_outcome(json);
  record.outcome.diverged = record.status == Status::diverged;
  const Json& timing = json.at("timing");
  record.timing = {timing.at("train_seconds"), timing.at("test_seconds"), timing.at("total_seconds"),
                   timing.at("host"),          timing.at("world_rank"),   timing.at("width")};
  return record;
}

}  // namespace

std::string to_text(Status status) {
  switch (status) {
    case Status::done:
      return "done";
    case Status::diverged:
      return "diverged";
    default:
      return "failed";
  }
}

std::string to_json(const TrialRecord& record) {
  Json json{{"schema", kSchema}, {"attempt", record.attempt}};
  json.update(result_json(record));
  json["reason"] = record.reason;
  json["version"] = record.version;
  json["timing"] = {
      {"train_seconds", record.timing.train_seconds}, {"test_seconds", record.timing.test_seconds},
      {"total_seconds", record.timing.total_seconds}, {"host", record.timing.host},
      {"world_rank", record.timing.world_rank},       {"width", record.timing.width}};
  return json.dump();
}

std::string deterministic_json(const TrialRecord& record) { return result_json(record).dump(); }

TrialRecord parse_record(const std::string& text, const std::string& where) {
  try {
    return read_record(Json::parse(text));
  } catch (const std::exception& error) {
    throw Error({.code = ErrorCode::integrity,
                 .where = where,
                 .what = "not a record of this version",
                 .got = error.what()});
  }
}

}  // namespace titrate::sweep
