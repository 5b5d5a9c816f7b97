#include <nlohmann/json.hpp>

#include "titrate/prep/recipe.hpp"
#include "titrate/source/source.hpp"

namespace titrate::prep {
namespace {

using Json = nlohmann::ordered_json;

Json operations_json(const std::vector<image::Operation>& operations) {
  Json list = Json::array();
  for (const image::Operation& operation : operations) list.push_back(image::to_text(operation));
  return list;
}

// The keys that every source has, and those that its kind knows.
Json source_json(const SourceRecipe& source) {
  const source::SourceSettings& settings = source.settings;
  Json json;
  json["kind"] = settings.kind;
  json["name"] = source.info.name;
  json["origin"] = shard::name_of(source.info.origin);
  json["generator"] = source.info.generator;
  json["trained_on"] = source.info.trained_on;
  json["licence"] = source.info.licence;
  if (settings.split) json["split"] = shard::name_of(*settings.split);
  if (!settings.classes.empty()) json["classes"] = settings.classes;
  for (const DocumentKey& key : source::find_kind(settings.kind, settings.where).keys) {
    if (settings.values.has(key.name)) json[key.name] = Json::parse(to_json(settings.values.at(key.name)));
  }
  json["transforms"] = Json::array();
  for (const image::Transform& transform : source.transforms)
    json["transforms"].push_back(image::to_text(transform));
  json["strict"] = source.strict;
  return json;
}

Json augment_json(const AugmentRecipe& augment) {
  Json json{{"ops", operations_json(augment.operations)}};
  if (!augment.preset.empty()) json["preset"] = augment.preset;
  if (!augment.to) {
    json["copies"] = augment.copies;
  } else if (*augment.to == kLargestClass) {
    json["to"] = "largest";
  } else {
    json["to"] = *augment.to;
  }
  json["held_out"] = augment.held_out;
  return json;
}

}  // namespace

std::string to_json(const Recipe& recipe) {
  Json json;
  json["name"] = recipe.name;
  json["seed"] = recipe.seed;
  json["shard_megabytes"] = recipe.shard_megabytes;
  if (recipe.shards) json["shards"] = *recipe.shards;
  json["source"] = Json::array();
  for (const SourceRecipe& source : recipe.sources) json["source"].push_back(source_json(source));
  json["split"] = {{"test", recipe.split.test},
                   {"validation", recipe.split.validation},
                   {"by", choice_name(recipe.split.by)}};
  json["augment"] = Json::array();
  for (const AugmentRecipe& augment : recipe.augments) json["augment"].push_back(augment_json(augment));
  return json.dump();
}

std::string to_json(const std::vector<image::Operation>& operations) {
  return operations_json(operations).dump();
}

}  // namespace titrate::prep
