#include "titrate/prep/recipe.hpp"

#include <map>
#include <set>
#include <system_error>

#include "recipe_source.hpp"
#include "titrate/core/document.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/text.hpp"
#include "titrate/image/preset.hpp"
#include "titrate/source/source.hpp"

namespace titrate::prep {
namespace {

const std::vector<DocumentKey> kRecipeKeys{
    {.name = "name", .help = "of the dataset", .required = true},
    {.name = "seed",
     .type = KeyType::integer,
     .fallback = 0,
     .help = "of splits, augmentation, and glyphs without a seed of their own"},
    {.name = "shard_megabytes",
     .type = KeyType::integer,
     .fallback = 64,
     .help = "the largest a shard may be, 1 to 65536",
     .range = {.low = 1, .high = 65536}},
    {.name = "shards",
     .type = KeyType::integer,
     .otherwise = "as few as fit",
     .help = "exact number of training shards",
     .range = {.low = 1, .high = 99999}},
    {.name = "transforms",
     .type = KeyType::texts,
     .otherwise = "none",
     .help = "what is done to every image, a list; see below"},
    {.name = "source",
     .type = KeyType::other,
     .help = "a [[source]] for each source of images",
     .required = true},
    {.name = "split",
     .type = KeyType::other,
     .otherwise = "none",
     .help = "[split] holds out some of the real training images"},
    {.name = "augment",
     .type = KeyType::other,
     .otherwise = "none",
     .help = "an [[augment]] for each way to change copies"}};

const std::vector<DocumentKey> kSplitKeys{
    {.name = "test",
     .type = KeyType::number,
     .fallback = 0.0,
     .help = "share of the real training images, 0 to 0.9",
     .range = {.high = 0.9}},
    {.name = "validation",
     .type = KeyType::number,
     .fallback = 0.0,
     .help = "likewise",
     .range = {.high = 0.9}},
    {.name = "by",
     .fallback = choice_name(SplitUnit::family),
     .help =
         "family: children, patches and duplicates stay together; image: they may not (a leak, to measure)",
     .choices = choice_names<SplitUnit>()}};

const DocumentKey kTo{.name = "to",
                      .type = KeyType::other,
                      .otherwise = "no",
                      .help = "instead: up to this many images in each class, or \"largest\""};

const std::vector<DocumentKey> kAugmentKeys{
    {.name = "ops",
     .type = KeyType::texts,
     .otherwise = "those of the preset",
     .help = "a list of operations; see below"},
    {.name = "preset",
     .fallback = "",
     .otherwise = "none",
     .help = "digits, letters or objects: operations that keep labels true"},
    {.name = "copies",
     .type = KeyType::integer,
     .fallback = 1,
     .help = "changed copies of each real training image, up to 10000",
     .range = {.low = 1, .high = 10'000}},
    kTo,
    {.name = "held_out",
     .type = KeyType::flag,
     .fallback = false,
     .help = "also copies of the images outside training"}};

std::vector<image::Operation> read_operations(const DocumentTable& table, const Values& values) {
  const std::string& preset = values.text("preset");
  std::vector<image::Operation> usual;
  if (!preset.empty()) usual = image::preset_operations(preset, table.where("preset"));
  if (!values.has("ops")) {
    if (preset.empty()) table.refuse("ops", "the key is missing", "ops, or a preset");
    return usual;
  }
  std::vector<image::Operation> operations;
  for (const std::string& text : values.texts("ops"))
    operations.push_back(image::parse_operation(text, table.where("ops")));
  if (operations.empty()) table.refuse("ops", "the list is empty");
  return operations;
}

// How many images each class is to have.
std::uint64_t read_to(const DocumentTable& table) {
  DocumentKey key = kTo;
  if (table.is_text("to")) {
    key.type = KeyType::text;
    key.choices = {"largest"};
    table.value(key);
    return kLargestClass;
  }
  key.type = KeyType::integer;
  key.range = {.low = 1, .high = 10'000'000};
  return static_cast<std::uint64_t>(std::get<std::int64_t>(table.value(key)->data));
}

AugmentRecipe read_augment(const DocumentTable& table) {
  const Values values = table.read(kAugmentKeys);
  AugmentRecipe augment{.operations = read_operations(table, values),
                        .preset = values.text("preset"),
                        .copies = static_cast<std::uint32_t>(values.integer("copies")),
                        .held_out = values.flag("held_out"),
                        .where = table.where("ops")};
  if (!table.has("to")) return augment;
  if (table.has("copies")) table.refuse("copies", "either copies or to says how many");
  if (augment.held_out) table.refuse("held_out", "classes are balanced in training alone; use copies");
  augment.to = read_to(table);
  return augment;
}

void read_sources(const DocumentTable& root, const Values& values, Recipe& recipe) {
  std::map<std::string, int> numbers;
  std::set<std::string> names;
  const std::vector<image::Transform> common = read_transforms(root, values);
  for (const DocumentTable& table : root.tables("source")) {
    SourceRecipe source = read_source(table, recipe.seed, numbers);
    source.transforms.insert(source.transforms.end(), common.begin(), common.end());
    if (!names.insert(source.info.name).second)
      table.refuse("name", "two sources have the name \"" + source.info.name + "\"");
    recipe.sources.push_back(std::move(source));
  }
  if (recipe.sources.empty()) root.refuse("source", "the recipe has no source", "at least one [[source]]");
}

void read_split(const DocumentTable& root, Recipe& recipe) {
  const auto table = root.table("split");
  if (!table) return;
  const Values values = table->read(kSplitKeys);
  recipe.split = {.test = values.number("test"),
                  .validation = values.number("validation"),
                  .by = parse_choice<SplitUnit>(values.text("by"), table->where("by")),
                  .where = table->where(table->has("test") ? "test" : "validation")};
  if (recipe.split.test + recipe.split.validation > 0.9)
    table->refuse("test", "less than a tenth of the images is left to train on");
}

void read_augments(const DocumentTable& root, Recipe& recipe) {
  for (const DocumentTable& table : root.tables("augment")) {
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
std::string keys_help(const std::string& heading, std::span<const DocumentKey> keys) {
  constexpr std::size_t kColumn = 18;
  std::string text = heading + "\n";
  for (const DocumentKey& key : keys) {
    text += "  " + key.name + std::string(kColumn - key.name.size(), ' ') + key.help;
    const std::string otherwise =
        key.otherwise.empty() && key.fallback ? to_json(*key.fallback) : key.otherwise;
    text += key.required ? " (required)\n" : " (default: " + otherwise + ")\n";
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
  const Document document(text, where, overrides);
  const DocumentTable root = document.root();
  const Values values = root.read(kRecipeKeys);
  Recipe recipe{.file = where,
                .name = values.text("name"),
                .seed = static_cast<std::uint64_t>(values.integer("seed")),
                .shard_megabytes = static_cast<std::uint32_t>(values.integer("shard_megabytes"))};
  if (recipe.name.empty()) root.refuse("name", "the name is empty");
  if (values.has("shards")) recipe.shards = static_cast<std::uint32_t>(values.integer("shards"));
  read_sources(root, values, recipe);
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
