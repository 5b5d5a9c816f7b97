#include "titrate/prep/recipe.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "titrate/image/glyph.hpp"
#include "toml_reader.hpp"

namespace titrate::prep {
namespace {

using shard::Origin;
using shard::Split;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMostClasses = 1'000'000, kMostPerClass = 1'000'000'000;

// "digits", how many (named by their number), or the names.
std::vector<std::string> read_classes(const TomlTable& table) {
  std::vector<std::string> names;
  if (table.is_text("classes")) {
    if (const std::string set = table.text("classes", ""); set != "digits") {
      table.refuse("classes", "unknown set of classes", "\"digits\", a number, or a list of names",
                   '"' + set + '"');
    }
    return image::glyph_classes();
  }
  if (table.is_integer("classes")) {
    const std::int64_t count = table.integer("classes", 0, 1, kMostClasses);
    for (std::int64_t i = 0; i < count; ++i) names.push_back(std::to_string(i));
    return names;
  }
  names = table.texts("classes");
  if (table.has("classes") && names.empty()) table.refuse("classes", "the list is empty");
  if (std::set<std::string>(names.begin(), names.end()).size() != names.size()) {
    table.refuse("classes", "a name stands twice in the list");
  }
  if (std::count(names.begin(), names.end(), "") > 0) table.refuse("classes", "a name is empty");
  return names;
}

std::optional<Split> read_split(const TomlTable& table) {
  if (!table.has("split")) return {};
  const Split split = shard::parse_split(table.text("split", ""), table.where("split"));
  if (split == Split::validation) {
    table.refuse("split", "no source is for validation", "train or test", "validation",
                 "a study carves its validation images out of the training images");
  }
  return split;
}

shard::SourceInfo read_info(const TomlTable& table, const std::string& kind,
                            std::map<std::string, int>& kinds) {
  const int number = ++kinds[kind];
  shard::SourceInfo info{.name = table.text("name", number == 1 ? kind : kind + "-" + std::to_string(number)),
                         .kind = kind,
                         .origin = shard::parse_origin(table.text("origin", "real"), table.where("origin")),
                         .generator = table.text("generator", ""),
                         .trained_on = table.text("trained_on", ""),
                         .licence = table.text("licence", "")};
  if (info.name.empty()) table.refuse("name", "the name is empty");
  if (info.origin == Origin::augmented) {
    table.refuse("origin", "augmented images have parents in the dataset", "real or synthetic", "augmented",
                 "make them with [[augment]]");
  }
  if (info.origin == Origin::synthetic && info.generator.empty()) {
    table.refuse("generator", "a synthetic source has to say what made it");
  }
  return info;
}

source::SourceSettings read_settings(const TomlTable& table, const std::string& kind, std::uint64_t seed) {
  const auto number = [&](const char* key, std::int64_t fallback, std::int64_t low, std::int64_t high) {
    return static_cast<std::uint64_t>(table.integer(key, fallback, low, high));
  };
  source::SourceSettings settings{
      .kind = kind, .path = table.text("path", ""), .classes = read_classes(table)};
  settings.split = read_split(table);
  settings.per_class = static_cast<std::uint32_t>(number("per_class", 0, 1, kMostPerClass));
  settings.size = static_cast<std::uint32_t>(number("size", settings.size, 1, 65535));
  settings.seed = table.has("seed") ? number("seed", 0, 0, kMost) : seed;
  settings.first = number("first", 0, 0, kMost / 2);
  return settings;
}

SourceRecipe read_source(const TomlTable& table, std::uint64_t seed, std::map<std::string, int>& kinds) {
  table.require("kind");
  const source::Kind& kind = source::find_kind(table.text("kind", ""), table.where("kind"));
  std::vector<std::string> known{"kind",       "name",    "origin",  "generator",
                                 "trained_on", "licence", "classes", "split"};
  known.insert(known.end(), kind.keys.begin(), kind.keys.end());
  table.allow(known);
  for (const std::string& key : kind.required_keys) table.require(key);
  SourceRecipe source{.settings = read_settings(table, kind.name, seed),
                      .info = read_info(table, kind.name, kinds)};
  source.settings.where = table.where("kind") + " = \"" + kind.name + "\"";
  if (source.info.origin != Origin::real && source.settings.split == Split::test) {
    table.refuse("split", "synthetic images never enter the test split", "train", "test");
  }
  return source;
}

AugmentRecipe read_augment(const TomlTable& table) {
  table.allow({"ops", "copies"});
  table.require("ops");
  AugmentRecipe augment;
  augment.where = table.where("ops");
  for (const std::string& text : table.texts("ops")) {
    augment.operations.push_back(image::parse_operation(text, augment.where));
  }
  if (augment.operations.empty()) table.refuse("ops", "the list is empty");
  augment.copies = static_cast<std::uint32_t>(table.integer("copies", 1, 1, 10000));
  return augment;
}

void read_sources(const TomlTable& root, Recipe& recipe) {
  std::map<std::string, int> kinds;
  std::set<std::string> names;
  for (const TomlTable& table : root.tables("source")) {
    recipe.sources.push_back(read_source(table, recipe.seed, kinds));
    const std::string& name = recipe.sources.back().info.name;
    if (!names.insert(name).second) table.refuse("name", "two sources have the name \"" + name + "\"");
  }
  if (recipe.sources.empty()) root.refuse("source", "the recipe has no source", "at least one [[source]]");
}

void read_augments(const TomlTable& root, Recipe& recipe) {
  for (const TomlTable& table : root.tables("augment")) {
    AugmentRecipe augment = read_augment(table);
    for (const AugmentRecipe& other : recipe.augments) {
      if (other.operations == augment.operations) {
        table.refuse("ops", "another [[augment]] has the same operations", "", "",
                     "raise its copies instead");
      }
    }
    recipe.augments.push_back(std::move(augment));
  }
}

}  // namespace

Recipe load_recipe(const std::filesystem::path& file, std::span<const std::string> overrides) {
  const TomlDocument document(file, overrides);
  const TomlTable root(document, document.root(), "");
  root.allow({"name", "seed", "shard_megabytes", "shards", "source", "augment"});
  root.require("name");
  Recipe recipe{.file = file.string(), .name = root.text("name", "")};
  if (recipe.name.empty()) root.refuse("name", "the name is empty");
  recipe.seed = static_cast<std::uint64_t>(root.integer("seed", 0, 0, kMost));
  recipe.shard_megabytes = static_cast<std::uint32_t>(root.integer("shard_megabytes", 64, 1, 65536));
  if (root.has("shards")) recipe.shards = static_cast<std::uint32_t>(root.integer("shards", 1, 1, 99999));
  read_sources(root, recipe);
  read_augments(root, recipe);
  return recipe;
}

}  // namespace titrate::prep
