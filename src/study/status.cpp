#include "titrate/study/status.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "titrate/core/error.hpp"

namespace titrate::study {
namespace {

using Json = nlohmann::json;

constexpr int kSchema = 1;

// A loss that is no finite number has no form in JSON: it is left out.
void put(Json& json, const char* key, const std::optional<double>& value) {
  if (value && std::isfinite(*value)) json[key] = *value;
}

std::optional<double> get(const Json& json, const char* key) {
  if (!json.contains(key) || json[key].is_null()) return std::nullopt;
  return json[key].get<double>();
}

Json activity_json(const TrialProgress& activity) {
  Json json{{"trial", activity.trial},
            {"step", activity.step},
            {"total_steps", activity.total_steps},
            {"first_step", activity.first_step},
            {"epochs", activity.epochs}};
  put(json, "train_loss", activity.train_loss);
  put(json, "validation_loss", activity.validation_loss);
  return json;
}

TrialProgress activity_of(const Json& json) {
  return {.trial = json.at("trial"),
          .step = json.at("step"),
          .total_steps = json.at("total_steps"),
          .first_step = json.at("first_step"),
          .epochs = json.at("epochs"),
          .train_loss = get(json, "train_loss"),
          .validation_loss = get(json, "validation_loss")};
}

Json rank_json(const RankStatus& rank) {
  return {{"world_rank", rank.world_rank},   {"node", rank.node},
          {"node_rank", rank.node_rank},     {"host", rank.host},
          {"device", rank.device},           {"device_index", rank.device_index},
          {"device_name", rank.device_name}, {"pci_id", rank.pci_id},
          {"sharing", rank.sharing},         {"processors", rank.processors}};
}

RankStatus rank_of(const Json& json) {
  return {.world_rank = json.at("world_rank"),
          .node = json.at("node"),
          .node_rank = json.at("node_rank"),
          .host = json.at("host"),
          .device = json.at("device"),
          .device_index = json.at("device_index"),
          .device_name = json.at("device_name"),
          .pci_id = json.at("pci_id"),
          .sharing = json.at("sharing"),
          .processors = json.at("processors")};
}

Json group_json(const GroupStatus& group) {
  Json json{{"ranks", group.ranks},
            {"working", group.working},
            {"finished", group.finished},
            {"settings", group.settings},
            {"seconds", group.seconds}};
  if (group.activity) json["activity"] = activity_json(*group.activity);
  return json;
}

GroupStatus group_of(const Json& json) {
  GroupStatus group{.ranks = json.at("ranks"),
                    .working = json.at("working"),
                    .finished = json.at("finished"),
                    .settings = json.at("settings"),
                    .seconds = json.at("seconds")};
  if (json.contains("activity")) group.activity = activity_of(json["activity"]);
  return group;
}

Json failure_json(const FailureStatus& failure) {
  return {{"trial", failure.trial},
          {"settings", failure.settings},
          {"reason", failure.reason},
          {"world_rank", failure.world_rank}};
}

FailureStatus failure_of(const Json& json) {
  return {.trial = json.at("trial"),
          .settings = json.at("settings"),
          .reason = json.at("reason"),
          .world_rank = json.at("world_rank")};
}

template <class Items, class Make>
Json list_json(const Items& items, const Make& make) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(make(item));
  return list;
}

SweepStatus status_of(const Json& json, const std::string& where) {
  SweepStatus status{.state = parse_choice<RunState>(json.at("state").get<std::string>(), where + ": state"),
                     .study = json.at("study"),
                     .host = json.at("host"),
                     .pid = json.at("pid"),
                     .attempt = json.at("attempt"),
                     .updated = json.at("updated"),
                     .elapsed_seconds = json.at("elapsed_seconds"),
                     .trials = json.at("trials"),
                     .before = json.at("before"),
                     .done = json.at("done"),
                     .failed = json.at("failed"),
                     .images_per_second = json.at("images_per_second"),
                     .seconds_left = get(json, "seconds_left")};
  for (const Json& rank : json.at("ranks")) status.ranks.push_back(rank_of(rank));
  for (const Json& group : json.at("groups")) status.groups.push_back(group_of(group));
  for (const Json& failure : json.at("failures")) status.failures.push_back(failure_of(failure));
  return status;
}

}  // namespace

std::string to_json(const TrialProgress& activity) { return activity_json(activity).dump(); }

TrialProgress parse_activity(const std::string& text) { return activity_of(Json::parse(text)); }

std::string to_json(const SweepStatus& status) {
  Json json{{"schema", kSchema},
            {"state", choice_name(status.state)},
            {"study", status.study},
            {"host", status.host},
            {"pid", status.pid},
            {"attempt", status.attempt},
            {"updated", status.updated},
            {"elapsed_seconds", status.elapsed_seconds},
            {"trials", status.trials},
            {"before", status.before},
            {"done", status.done},
            {"failed", status.failed},
            {"images_per_second", status.images_per_second},
            {"ranks", list_json(status.ranks, rank_json)},
            {"groups", list_json(status.groups, group_json)},
            {"failures", list_json(status.failures, failure_json)}};
  put(json, "seconds_left", status.seconds_left);
  // What a library or a file's name says in a failure need not be UTF-8.
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

SweepStatus parse_status(const std::string& text, const std::string& where) {
  try {
    const Json json = Json::parse(text);
    if (json.at("schema") == kSchema) return status_of(json, where);
  } catch (const Json::exception& error) {
    throw Error({.code = ErrorCode::integrity,
                 .where = where,
                 .what = "not the status of a sweep",
                 .got = error.what()});
  }
  throw Error({.code = ErrorCode::usage,
               .where = where,
               .what = "written by another version of titrate",
               .expected = "schema " + std::to_string(kSchema)});
}

std::filesystem::path status_file(const std::filesystem::path& run_folder) {
  return run_folder / "status.json";
}

}  // namespace titrate::study
