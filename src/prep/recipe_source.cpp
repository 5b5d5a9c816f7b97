#include "recipe_source.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "titrate/core/hash.hpp"
#include "titrate/core/random.hpp"
#include "titrate/core/text.hpp"
#include "titrate/draw/glyph.hpp"
#include "titrate/source/source.hpp"

namespace titrate::prep {
namespace {

using shard::Origin;
using shard::Split;

const DocumentKey kClasses{.name = "classes",
                           .type = KeyType::other,
                           .otherwise = "those of the source",
                           .help = "a list of names, a number, or a set: digits, letters, symbols-37"};

DocumentKey classes_of_type(KeyType type) {
  DocumentKey key = kClasses;
  key.type = type;
  key.range = {.low = 1, .high = 1'000'000};
  return key;
}

void check_names(const DocumentTable& table, const std::vector<std::string>& names) {
  if (names.empty()) table.refuse("classes", "the list is empty");
  if (std::set<std::string>(names.begin(), names.end()).size() != names.size()) {
    table.refuse("classes", "a name stands twice in the list");
  }
  if (std::count(names.begin(), names.end(), "") > 0) table.refuse("classes", "a name is empty");
}

// "digits" or another set of glyphs, how many (named by their number), or the names.
std::vector<std::string> read_classes(const DocumentTable& table) {
  if (!table.has("classes")) return {};
  if (table.is_text("classes")) {
    const Value set = *table.value(classes_of_type(KeyType::text));
    std::vector<std::string> names = draw::glyph_set(std::get<std::string>(set.data));
    if (names.empty()) {
      table.refuse("classes", "unknown set of classes",
                   join(draw::glyph_set_names(), ", ") + ", a number, or a list of names", to_json(set));
    }
    return names;
  }
  Values values;
  if (table.is_integer("classes")) {
    values["classes"] = *table.value(classes_of_type(KeyType::integer));
    std::vector<std::string> names;
    for (std::int64_t i = 0; i < values.integer("classes"); ++i) names.push_back(std::to_string(i));
    return names;
  }
  values["classes"] = *table.value(classes_of_type(KeyType::texts));
  check_names(table, values.texts("classes"));
  return values.texts("classes");
}

shard::SourceInfo read_info(const DocumentTable& table, const Values& values,
                            std::map<std::string, int>& numbers) {
  const std::string& kind = values.text("kind");
  const int number = ++numbers[kind];
  const std::string usual = number == 1 ? kind : kind + "-" + std::to_string(number);
  shard::SourceInfo info{.name = values.has("name") ? values.text("name") : usual,
                         .kind = kind,
                         .origin = shard::parse_origin(values.text("origin"), table.where("origin")),
                         .generator = values.text("generator"),
                         .trained_on = values.text("trained_on"),
                         .licence = values.text("licence")};
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

source::SourceSettings read_settings(const DocumentTable& table, const source::Kind& kind,
                                     const Values& values) {
  source::SourceSettings settings{.kind = kind.name,
                                  .where = table.where("kind") + " = \"" + kind.name + "\"",
                                  .path = values.has("path") ? values.text("path") : "",
                                  .classes = read_classes(table)};
  if (values.has("split")) settings.split = shard::parse_split(values.text("split"), table.where("split"));
  for (const DocumentKey& key : kind.keys) {
    if (values.has(key.name)) settings.values[key.name] = values.at(key.name);
  }
  return settings;
}

// Sources that say no seed draw different pictures; a number that a recipe may say itself.
void fill_seed(const source::Kind& kind, const std::string& source_name, std::uint64_t recipe_seed,
               source::SourceSettings& settings) {
  const auto is_seed = [](const DocumentKey& key) { return key.name == "seed"; };
  if (std::ranges::none_of(kind.keys, is_seed)) return;
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  settings.values.try_emplace("seed", hash_words(recipe_seed, xxh3(source_name)) & kMost);
}

}  // namespace

std::span<const DocumentKey> source_keys() {
  static const std::vector<DocumentKey> keys{
      {.name = "kind", .help = "where its images come from, see below", .required = true},
      {.name = "name", .otherwise = "its kind, numbered", .help = "tells it from the other sources"},
      {.name = "origin", .fallback = "real", .help = "real or synthetic"},
      {.name = "generator", .fallback = "", .help = "what made it; a synthetic source has to say"},
      {.name = "trained_on",
       .fallback = "",
       .help = "what the generator saw; where it begins with a number of real images, no arm of fewer is fed",
       .range = {.low = 1}},
      {.name = "licence", .fallback = "", .help = "of its images"},
      kClasses,
      {.name = "split",
       .otherwise = "as the source has it",
       .help = "train, validation or test: these alone, or where the source has no splits, all"},
      {.name = "transforms",
       .type = KeyType::texts,
       .otherwise = "none",
       .help = "what is done to every image, before the transforms of the recipe"},
      {.name = "strict",
       .type = KeyType::flag,
       .fallback = false,
       .help = "end at the first image that cannot be read, instead of leaving it out by name"}};
  return keys;
}

std::vector<image::Transform> read_transforms(const DocumentTable& table, const Values& values) {
  std::vector<image::Transform> transforms;
  if (!values.has("transforms")) return transforms;
  for (const std::string& text : values.texts("transforms"))
    transforms.push_back(image::parse_transform(text, table.where("transforms")));
  return transforms;
}

SourceRecipe read_source(const DocumentTable& table, std::uint64_t seed,
                         std::map<std::string, int>& numbers) {
  const auto name = table.value(source_keys().front());
  if (!name) table.refuse("kind", "the key is missing");
  const source::Kind& kind = source::find_kind(std::get<std::string>(name->data), table.where("kind"));
  std::vector<DocumentKey> known(source_keys().begin(), source_keys().end());
  known.insert(known.end(), kind.keys.begin(), kind.keys.end());
  const Values values = table.read(known);
  SourceRecipe source{.settings = read_settings(table, kind, values),
                      .info = read_info(table, values, numbers),
                      .transforms = read_transforms(table, values),
                      .strict = values.flag("strict")};
  fill_seed(kind, source.info.name, seed, source.settings);
  if (source.info.origin != Origin::real && source.settings.split.value_or(Split::train) != Split::train) {
    table.refuse("split", "synthetic images are for training alone", "train",
                 std::string(name_of(*source.settings.split)));
  }
  return source;
}

}  // namespace titrate::prep
