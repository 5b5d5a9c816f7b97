#include "titrate/study/epoch_json.hpp"

#include <nlohmann/json.hpp>

#include "titrate/core/text.hpp"

namespace titrate::study {
namespace {

using Json = nlohmann::ordered_json;

double number(const Json& json) { return parse_hex_float(json.get<std::string>()); }

Json optional_json(const std::optional<double>& value) {
  return value ? Json(hex_float(*value)) : Json(nullptr);
}

std::optional<double> read_optional(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(number(json));
}

}  // namespace

std::string epochs_json(const std::vector<EpochRecord>& epochs) {
  Json list = Json::array();
  for (const EpochRecord& epoch : epochs) {
    list.push_back({{"train_loss", hex_float(epoch.train_loss)},
                    {"train_accuracy", hex_float(epoch.train_accuracy)},
                    {"validation_loss", optional_json(epoch.validation_loss)},
                    {"validation_accuracy", optional_json(epoch.validation_accuracy)},
                    {"learning_rate", hex_float(epoch.learning_rate)}});
  }
  return list.dump();
}

std::vector<EpochRecord> parse_epochs(const std::string& json) {
  std::vector<EpochRecord> epochs;
  for (const Json& epoch : Json::parse(json)) {
    epochs.push_back({.train_loss = number(epoch.at("train_loss")),
                      .train_accuracy = number(epoch.at("train_accuracy")),
                      .validation_loss = read_optional(epoch.at("validation_loss")),
                      .validation_accuracy = read_optional(epoch.at("validation_accuracy")),
                      .learning_rate = number(epoch.at("learning_rate"))});
  }
  return epochs;
}

}  // namespace titrate::study
