#include "titrate/study/record.hpp"

#include <nlohmann/json.hpp>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/study/epoch_json.hpp"

namespace titrate::study {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kSchema = 2;

double number(const Json& json) { return parse_hex_float(json.get<std::string>()); }

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

// Empty bins are left out: [bin, images, correct, sum of probabilities].
Json calibration_json(const Tally& tally) {
  Json list = Json::array();
  for (std::size_t i = 0; i < tally.calibration.size(); ++i) {
    const CalibrationBin& bin = tally.calibration[i];
    if (bin.images > 0) list.push_back({i, bin.images, bin.correct, hex_float(bin.probability_sum)});
  }
  return list;
}

void read_calibration(const Json& list, Tally& tally) {
  for (const Json& bin : list) {
    tally.calibration.at(bin.at(0).get<std::size_t>()) = {
        .images = bin.at(1), .correct = bin.at(2), .probability_sum = number(bin.at(3))};
  }
}

Json condition_to_json(const ConditionRecord& condition) {
  return {{"noise_kind", choice_name(condition.noise.kind)},
          {"noise_level", hex_float(condition.noise.level)},
          {"images", condition.tally.images},
          {"correct", condition.tally.correct},
          {"loss_sum", hex_float(condition.tally.loss_sum)},
          {"confusion", condition.tally.confusion},
          {"calibration", calibration_json(condition.tally)}};
}

Json conditions_json(const std::vector<ConditionRecord>& conditions) {
  Json list = Json::array();
  for (const ConditionRecord& condition : conditions) list.push_back(condition_to_json(condition));
  return list;
}

Json diverged_json(const std::optional<Divergence>& diverged) {
  if (!diverged) return nullptr;
  return {{"step", diverged->step}, {"quantity", diverged->quantity}};
}

// What must be the same whoever ran the trial.
Json result_json(const TrialRecord& record) {
  return {{"trial", record.trial},
          {"settings", settings_json(record.settings)},
          {"fingerprint", record.fingerprint},
          {"numerics", record.numerics},
          {"status", choice_name(record.status)},
          {"train_images", record.outcome.train_images},
          {"steps", record.outcome.steps},
          {"best_epoch", record.outcome.best_epoch},
          {"diverged", diverged_json(record.outcome.diverged)},
          {"epochs", Json::parse(epochs_json(record.outcome.epochs))},
          {"conditions", conditions_json(record.outcome.conditions)}};
}

ConditionRecord read_condition(const Json& json) {
  ConditionRecord condition{
      .noise = {parse_choice<image::NoiseKind>(json.at("noise_kind").get<std::string>(), "noise_kind"),
                number(json.at("noise_level"))},
      .tally = {.images = json.at("images"),
                .correct = json.at("correct"),
                .loss_sum = number(json.at("loss_sum")),
                .confusion = json.at("confusion")}};
  read_calibration(json.at("calibration"), condition.tally);
  return condition;
}

TrialOutcome read_outcome(const Json& json) {
  TrialOutcome outcome{.train_images = json.at("train_images"),
                       .steps = json.at("steps"),
                       .best_epoch = json.at("best_epoch"),
                       .epochs = parse_epochs(json.at("epochs").dump())};
  if (const Json& diverged = json.at("diverged"); !diverged.is_null())
    outcome.diverged = {diverged.at("step"), diverged.at("quantity")};
  for (const Json& condition : json.at("conditions")) outcome.conditions.push_back(read_condition(condition));
  return outcome;
}

TrialRecord read_record(const Json& json, const std::string& where) {
  TrialRecord record{.attempt = json.at("attempt"), .trial = json.at("trial")};
  record.settings = parse_settings(json.at("settings").dump(), where);
  record.fingerprint = json.at("fingerprint");
  record.version = json.at("version");
  record.numerics = json.at("numerics");
  record.status = parse_choice<Status>(json.at("status").get<std::string>(), where + ": status");
  record.reason = json.at("reason");
  record.outcome = read_outcome(json);
  const Json& timing = json.at("timing");
  record.timing = {timing.at("train_seconds"), timing.at("test_seconds"), timing.at("total_seconds"),
                   timing.at("host"),          timing.at("world_rank"),   timing.at("width")};
  return record;
}

}  // namespace

std::string condition_json(const ConditionRecord& condition) { return condition_to_json(condition).dump(); }

ConditionRecord parse_condition(const std::string& text) { return read_condition(Json::parse(text)); }

Settings parse_settings(const std::string& canonical_json, const std::string& where) {
  Settings settings;
  const Json json = Json::parse(canonical_json);
  for (const auto& [key, value] : json.items()) set_key(settings, key, value_from(value), where);
  return settings;
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
    const Json json = Json::parse(text);
    if (json.at("schema").get<int>() != kSchema) {
      throw Error({.code = ErrorCode::usage,
                   .where = where,
                   .what = "the records are of another version of titrate",
                   .hint = "give --out another folder, or use the version that wrote them"});
    }
    return read_record(json, where);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error({.code = ErrorCode::integrity, .where = where, .what = "not a record", .got = error.what()});
  }
}

}  // namespace titrate::study
