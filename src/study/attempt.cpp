#include "titrate/study/attempt.hpp"

#include <nlohmann/json.hpp>

#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"

namespace titrate::study {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

std::filesystem::path attempt_file(const std::filesystem::path& run_folder) {
  return run_folder / "attempt.json";
}

std::optional<AttemptRecord> read_attempt(const std::filesystem::path& run_folder) {
  const std::filesystem::path file = attempt_file(run_folder);
  if (!std::filesystem::exists(file)) return std::nullopt;
  const std::string text = read_text(file);
  try {
    const Json json = Json::parse(text);
    return AttemptRecord{
        .number = json.at("attempt"),
        .host = json.at("host"),
        .pid = json.at("process"),
        .state = parse_choice<RunState>(json.at("state").get<std::string>(), file.string() + ": state"),
        .reason = json.at("reason")};
  } catch (const Json::exception& error) {
    throw Error({.code = ErrorCode::integrity,
                 .where = file.string(),
                 .what = "not what a run writes",
                 .got = error.what()});
  }
}

std::string to_json(const AttemptRecord& record) {
  const Json json{{"attempt", record.number},
                  {"host", record.host},
                  {"process", record.pid},
                  {"state", choice_name(record.state)},
                  {"reason", record.reason}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace titrate::study
