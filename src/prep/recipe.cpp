#include "titrate/prep/recipe.hpp"

#include <limits>
#include <set>
#include <system_error>

#include "recipe_source.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/text.hpp"
#include "titrate/image/preset.hpp"
#include "toml_reader.hpp"

namespace titrate::prep {
namespace {

using source::KeyType;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMostCopies = 10'000, kMostPerClass = 10'000'000;

const std::vector<source::Key> kRecipeKeys{
    {.name = "name", .help = "of the dataset", .required = true},
    {.name = "seed",
     .otherwise = "0",
     .help = "of splits, augmentation, and glyphs without a seed of their own"},
    {.name = "shard_megabytes", .otherwise = "64", .help = "the largest a shard may be, 1 to 65536"},
    {.name = "shards", .otherwise = "as few as fit", .help = "exact number of training shards"},
    {.name = "transforms", .otherwise = "none", .help = "what is done to every image, a list; see below"},
    {.name = "source", .help = "a [[source]] for each source of images", .required = true},
    {.name = "split", .otherwise = "none", .help = "[split] holds out some of the real training images"},
    {.name = "augment", .otherwise = "none", .help = "an [[augment]] for each way to change copies"}};

const std::vector<source::Key> kSplitKeys{
    {.name = "test", .otherwise = "0", .help = "share of the real training images, 0 to 0.9"},
    {.name = "validation", .otherwise = "0", .help = "likewise"},
    {.name = "by",
     .otherwise = "\"family\"",
     .help =
         "family: children, patches and duplicates stay together; image: they may not (a leak, to measure)"}};

const std::vector<source::Key> kAugmentKeys{
    {.name = "ops", .otherwise = "those of the preset", .help = "a list of operations; see below"},
    {.name = "preset",
     .otherwise = "none",
     .help = "digits, letters or objects: operations that keep labels true"},
    {.name = "copies", .otherwise = "1", .help = "changed copies of each real training image, up to 10000"},
    {.name = "to",
     .otherwise = "no",
     .help = "instead: up to this many images in each class, or \"largest\""},
    {.name = "held_out", .otherwise = "false", .help = "also copies of the images outside training"}};

std::vector<image::Operation> read_operations(const TomlTable& table, const std::string& preset) {
  std::vector<image::Operation> usual;
  if (!preset.empty()) usual = image::preset_operations(preset, table.where("preset"));
  if (!table.has("ops")) {
    if (preset.empty()) table.refuse("ops", "the key is missing", "ops, or a preset");
    return usual;
  }
  std::vector<image::Operation> operations;
  for (const std::string& text : table.texts("ops"))
    operations.push_back(image::parse_operation(text, table.where("ops")));
  if (operations.empty()) table.refuse("ops", "the list is empty");
  return operations;
}

AugmentRecipe read_augment(const TomlTable& table) {
  table.allow(kAugmentKeys);
  AugmentRecipe augment{.preset = table.text("preset", ""), .where = table.where("ops")};
  augment.operations = read_operations(table, augment.preset);
  augment.copies = static_cast<std::uint32_t>(table.integer("copies", 1, 1, kMostCopies));
  augment.held_out = table.flag("held_out", false);
  if (!table.has("to")) return augment;
  if (table.has("copies")) table.refuse("copies", "either copies or to says how many");
  if (augment.held_out) table.refuse("held_out", "classes are balanced in training alone; use copies");
  if (table.is_text("to")) {
    if (table.text("to", "") != "largest") table.refuse("to", "unknown", "a number, or \"largest\"");
    augment.to = kLargestClass;
  } else {
    augment.to = static_cast<std::uint64_t>(table.integer("to", 1, 1, kMostPerClass));
  }
  return augment;
}

void read_sources(const TomlTable& root, Recipe& recipe) {
  std::map<std::string, int> numbers;
  std::set<std::string> names;
  const std::vector<image::Transform> common = read_transforms(root);
  for (const TomlTable& table : root.tables("source")) {
    SourceRecipe source = read_source(table, recipe.seed, numbers);
    source.transforms.insert(source.transforms.end(), common.begin(), common.end());
    if (!names.insert(source.info.name).second)
      table.refuse("name", "two sources have the name \"" + source.info.name + "\"");
    recipe.sources.push_back(std::move(source));
  }
  if (recipe.sources.empty()) root.refuse("source", "the recipe has no source", "at least one [[source]]");
}

void read_split(const TomlTable& root, Recipe& recipe) {
  const auto table = root.table("split");
  if (!table) return;
  table->allow(kSplitKeys);
  recipe.split = {.test = table->number("test", 0, 0, 0.9),
                  .validation = table->number("validation", 0, 0, 0.9),
                  .where = table->where(table->has("test") ? "test" : "validation")};
  if (recipe.split.test + recipe.split.validation > 0.9)
    table->refuse("test", "less than a tenth of the images is left to train on");
  const std::string by = table->text("by", "family");
  if (by != "family" && by != "image") table->refuse("by", "unknown", "family or image", by);
  recipe.split.by = by == "image" ? SplitUnit::image : SplitUnit::family;
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

std::string fallback_text(const source::Key& key) {
  struct Writer {
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return std::to_string(value); }
    std::string operator()(const std::string& value) const { return '"' + value + '"'; }
    std::string operator()(const std::vector<std::int64_t>&) const { return "[]"; }
    std::string operator()(const std::vector<std::string>&) const { return "[]"; }
  };
  return key.otherwise.empty() && key.fallback ? std::visit(Writer{}, *key.fallback) : key.otherwise;
}

// A heading and a line for each key: name, help, default.
std::string keys_help(const std::string& heading, std::span<const source::Key> keys) {
  constexpr std::size_t kColumn = 18;
  std::string text = heading + "\n";
  for (const source::Key& key : keys) {
    text += "  " + key.name + std::string(kColumn - key.name.size(), ' ') + key.help;
    text += key.required ? " (required)\n" : " (default: " + fallback_text(key) + ")\n";
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
  text += keys_help("\n[[source]], of any kind:", source_keys());
  for (const source::Kind& kind : source::kinds())
    text += keys_help("\n[[source]] with kind = \"" + kind.name + "\", " + kind.help + ":", kind.keys);
  text += keys_help("\n[split], where the sources have no test images of their own:", kSplitKeys);
  text += keys_help("\n[[augment]], children of the real training images:", kAugmentKeys);
  text += "\nPresets of [[augment]]:\n" + image::presets_help();
  text += "\nTransforms, done to every image in the order of the list:\n" + image::transforms_help();
  return text +
         "\nOperations of [[augment]], drawn anew for each copy; each takes a probability, as in p=0.5:\n" +
         image::operations_help();
}

Recipe parse_recipe(const std::string& text, const std::string& where,
                    std::span<const std::string> overrides) {
  const TomlDocument document(text, where, overrides);
  const TomlTable root(document, document.root(), "");
  root.allow(kRecipeKeys);
  Recipe recipe{.file = where, .name = root.text("name", "")};
  if (recipe.name.empty()) root.refuse("name", "the name is empty");
  recipe.seed = static_cast<std::uint64_t>(root.integer("seed", 0, 0, kMost));
  recipe.shard_megabytes = static_cast<std::uint32_t>(root.integer("shard_megabytes", 64, 1, 65536));
  if (root.has("shards")) recipe.shards = static_cast<std::uint32_t>(root.integer("shards", 1, 1, 99999));
  read_sources(root, recipe);
  read_split(root, recipe);
  read_augments(root, recipe);
  return recipe;
}

Recipe load_recipe(const std::filesystem::path& file, std::span<const std::string> overrides) {
  std::error_code error;
  if (!std::filesystem::exists(file, error) && !error) refuse_recipe(file.string(), "there is no such file");
  return parse_recipe(read_text(file), file.string(), overrides);
}

}  // namespace titrate::prep
