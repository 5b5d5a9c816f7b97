#include "titrate/prep/recipe.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "titrate/core/error.hpp"
#include "titrate/core/hash.hpp"
#include "titrate/core/random.hpp"
#include "titrate/image/glyph.hpp"
#include "toml_reader.hpp"

namespace titrate::prep {
namespace {

using shard::Origin;
using shard::Split;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMostClasses = 1'000'000, kMostPerClass = 10'000'000;

const std::vector<source::Key> kRecipeKeys{
    {.name = "name", .help = "of the dataset", .required = true},
    {.name = "seed", .fallback = "0", .help = "of augmentation, and of glyphs without a seed of their own"},
    {.name = "shard_megabytes", .fallback = "64", .help = "the largest a shard may be, 1 to 65536"},
    {.name = "shards", .fallback = "as few as fit", .help = "exact number of training shards"},
    {.name = "source", .help = "a [[source]] for each source of images", .required = true},
    {.name = "augment", .fallback = "none", .help = "an [[augment]] for each way to change copies"}};

const std::vector<source::Key> kSourceKeys{
    {.name = "kind", .help = "where its images come from, see below", .required = true},
    {.name = "name", .fallback = "its kind, numbered", .help = "tells it from the other sources"},
    {.name = "origin", .fallback = "\"real\"", .help = "real or synthetic"},
    {.name = "generator", .fallback = "\"\"", .help = "what made it; a synthetic source has to say"},
    {.name = "trained_on", .fallback = "\"\"", .help = "what the generator saw"},
    {.name = "licence", .fallback = "\"\"", .help = "of its images"},
    {.name = "classes", .fallback = "\"digits\"", .help = "\"digits\", a number, or a list of names"},
    {.name = "split", .fallback = "glyphs train, idx both", .help = "train or test"}};

const std::vector<source::Key> kAugmentKeys{
    {.name = "ops",
     .help = "a list of \"shift PIXELS\", \"rotate DEGREES\", \"zoom LOW HIGH\"",
     .required = true},
    {.name = "copies", .fallback = "1", .help = "changed copies of each real training image, up to 10000"}};

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

// Sources that say no seed draw different pictures; a number that a recipe may say itself.
std::uint64_t seed_of(const std::string& source_name, std::uint64_t recipe_seed) {
  return hash_words(recipe_seed, xxh3(source_name)) & static_cast<std::uint64_t>(kMost);
}

source::SourceSettings read_settings(const TomlTable& table, const std::string& kind, const std::string& name,
                                     std::uint64_t seed) {
  const auto number = [&](const char* key, std::int64_t fallback, std::int64_t low, std::int64_t high) {
    return static_cast<std::uint64_t>(table.integer(key, fallback, low, high));
  };
  source::SourceSettings settings{
      .kind = kind, .path = table.text("path", ""), .classes = read_classes(table)};
  settings.split = read_split(table);
  settings.per_class = static_cast<std::uint32_t>(number("per_class", 0, 1, kMostPerClass));
  settings.size = static_cast<std::uint32_t>(number("size", settings.size, 1, 65535));
  settings.seed = table.has("seed") ? number("seed", 0, 0, kMost) : seed_of(name, seed);
  settings.first = number("first", 0, 0, kMost / 2);
  return settings;
}

SourceRecipe read_source(const TomlTable& table, std::uint64_t seed, std::map<std::string, int>& kinds) {
  const std::string kind_name = table.text("kind", "");
  if (!table.has("kind")) table.refuse("kind", "the key is missing");
  const source::Kind& kind = source::find_kind(kind_name, table.where("kind"));
  std::vector<source::Key> known = kSourceKeys;
  known.insert(known.end(), kind.keys.begin(), kind.keys.end());
  table.allow(known);
  SourceRecipe source{.info = read_info(table, kind.name, kinds)};
  source.settings = read_settings(table, kind.name, source.info.name, seed);
  source.settings.where = table.where("kind") + " = \"" + kind.name + "\"";
  if (source.info.origin != Origin::real && source.settings.split == Split::test) {
    table.refuse("split", "synthetic images never enter the test split", "train", "test");
  }
  return source;
}

AugmentRecipe read_augment(const TomlTable& table) {
  table.allow(kAugmentKeys);
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

// A heading and a line for each key: name, help, default.
std::string keys_help(const std::string& heading, const std::vector<source::Key>& keys) {
  constexpr std::size_t kColumn = 18;
  std::string text = heading + "\n";
  for (const source::Key& key : keys) {
    text += "  " + key.name + std::string(kColumn - key.name.size(), ' ') + key.help;
    text += key.required ? " (required)\n" : " (default: " + key.fallback + ")\n";
  }
  return text;
}

}  // namespace

void refuse_recipe(const std::string& where, const std::string& what, const std::string& expected,
                   const std::string& got, const std::string& hint) {
  throw Error({.code = ErrorCode::usage,
               .where = where,
               .what = what,
               .expected = expected,
               .got = got,
               .hint = hint});
}

std::string recipe_help() {
  std::string text = keys_help("Keys of RECIPE.toml:", kRecipeKeys);
  text += keys_help("\n[[source]], of any kind:", kSourceKeys);
  for (const source::Kind& kind : source::kinds())
    text += keys_help("\n[[source]] with kind = \"" + kind.name + "\", " + kind.help + ":", kind.keys);
  return text + keys_help("\n[[augment]], children of the real training images:", kAugmentKeys);
}

Recipe load_recipe(const std::filesystem::path& file, std::span<const std::string> overrides) {
  const TomlDocument document(file, overrides);
  const TomlTable root(document, document.root(), "");
  root.allow(kRecipeKeys);
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
