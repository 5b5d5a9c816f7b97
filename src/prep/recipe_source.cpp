#include "recipe_source.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "titrate/core/hash.hpp"
#include "titrate/core/random.hpp"
#include "titrate/core/text.hpp"
#include "titrate/draw/glyph.hpp"

namespace titrate::prep {
namespace {

using shard::Origin;
using shard::Split;
using source::KeyType;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMostClasses = 1'000'000;

// "digits" or another set of glyphs, how many (named by their number), or the names.
std::vector<std::string> read_classes(const TomlTable& table) {
  std::vector<std::string> names;
  if (table.is_text("classes")) {
    const std::string set = table.text("classes", "");
    names = draw::glyph_set(set);
    if (names.empty()) {
      table.refuse("classes", "unknown set of classes",
                   join(draw::glyph_set_names(), ", ") + ", a number, or a list of names", '"' + set + '"');
    }
    return names;
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
  return shard::parse_split(table.text("split", ""), table.where("split"));
}

shard::SourceInfo read_info(const TomlTable& table, const std::string& kind,
                            std::map<std::string, int>& numbers) {
  const int number = ++numbers[kind];
  shard::SourceInfo info{.name = table.text("name", number == 1 ? kind : kind + "-" + std::to_string(number)),
                         .kind = kind,
                         .origin = shard::parse_origin(table.text("origin", "real"), table.where("origin")),
                         .generator = table.text("generator", ""),
                         .trained_on = table.is_integer("trained_on")
                                           ? std::to_string(table.integer("trained_on", 0, 1, kMost))
                                           : table.text("trained_on", ""),
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

source::Settings read_settings(const TomlTable& table, const source::Kind& kind) {
  source::Settings settings{
      .kind = kind.name, .path = table.text("path", ""), .classes = read_classes(table)};
  settings.where = table.where("kind") + " = \"" + kind.name + "\"";
  settings.split = read_split(table);
  for (const source::Key& key : kind.keys) {
    if (const auto value = table.value(key)) settings.values[key.name] = *value;
  }
  return settings;
}

// Sources that say no seed draw different pictures; a number that a recipe may say itself.
void fill_seed(const source::Kind& kind, const std::string& source_name, std::uint64_t recipe_seed,
               source::Settings& settings) {
  const auto is_seed = [](const source::Key& key) { return key.name == "seed"; };
  if (std::ranges::none_of(kind.keys, is_seed)) return;
  const std::uint64_t seed = hash_words(recipe_seed, xxh3(source_name)) & static_cast<std::uint64_t>(kMost);
  settings.values.try_emplace("seed", static_cast<std::int64_t>(seed));
}

}  // namespace

std::span<const source::Key> source_keys() {
  static const std::vector<source::Key> keys{
      {.name = "kind", .help = "where its images come from, see below", .required = true},
      {.name = "name", .otherwise = "its kind, numbered", .help = "tells it from the other sources"},
      {.name = "origin", .otherwise = "\"real\"", .help = "real or synthetic"},
      {.name = "generator", .otherwise = "\"\"", .help = "what made it; a synthetic source has to say"},
      {.name = "trained_on",
       .otherwise = "\"\"",
       .help =
           "what the generator saw; where it begins with a number of real images, no arm of fewer is fed"},
      {.name = "licence", .otherwise = "\"\"", .help = "of its images"},
      {.name = "classes",
       .type = KeyType::texts,
       .otherwise = "those of the source",
       .help = "a list of names, a number, or a set: digits, letters, symbols-37"},
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

std::vector<image::Transform> read_transforms(const TomlTable& table) {
  std::vector<image::Transform> transforms;
  for (const std::string& text : table.texts("transforms"))
    transforms.push_back(image::parse_transform(text, table.where("transforms")));
  return transforms;
}

SourceRecipe read_source(const TomlTable& table, std::uint64_t seed, std::map<std::string, int>& numbers) {
  if (!table.has("kind")) table.refuse("kind", "the key is missing");
  const source::Kind& kind = source::find_kind(table.text("kind", ""), table.where("kind"));
  std::vector<source::Key> known(source_keys().begin(), source_keys().end());
  known.insert(known.end(), kind.keys.begin(), kind.keys.end());
  table.allow(known);
  SourceRecipe source{.settings = read_settings(table, kind), .info = read_info(table, kind.name, numbers)};
  fill_seed(kind, source.info.name, seed, source.settings);
  source.transforms = read_transforms(table);
  source.strict = table.flag("strict", false);
  if (source.info.origin != Origin::real && source.settings.split.value_or(Split::train) != Split::train) {
    table.refuse("split", "synthetic images are for training alone", "train",
                 std::string(name_of(*source.settings.split)));
  }
  return source;
}

}  // namespace titrate::prep
