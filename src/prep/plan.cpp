#include "titrate/prep/plan.hpp"

#include <algorithm>

#include "titrate/core/hash.hpp"
#include "titrate/core/random.hpp"
#include "titrate/core/text.hpp"

namespace titrate::prep {
namespace {

using shard::Origin;
using shard::Split;

constexpr std::uint64_t kMegabyte = 1'000'000;
constexpr std::uint64_t kMostShards = 99'999;  // five digits in the file names

void check_agreement(const Recipe& recipe, const Sources& sources) {
  const source::Listing& first = sources[0]->listing();
  for (std::size_t i = 1; i < sources.size(); ++i) {
    const source::Listing& listing = sources[i]->listing();
    const std::string &where = recipe.sources[i].settings.where, &first_name = recipe.sources[0].info.name;
    if (listing.shape != first.shape) {
      refuse_recipe(where, "the images have another shape than those of source " + first_name,
                    image::to_string(first.shape), image::to_string(listing.shape));
    }
    if (listing.class_names != first.class_names) {
      refuse_recipe(where, "the classes are not those of source " + first_name, join(first.class_names, ", "),
                    join(listing.class_names, ", "));
    }
  }
}

// The rows of one source as they lie in it, each to its split.
void add_rows(const SourceRecipe& recipe, const source::Source& source, std::uint32_t number, Plan& plan) {
  const std::vector<source::Item>& items = source.listing().items;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const source::Item& item = items[i];
    if (recipe.info.origin != Origin::real && item.split != Split::train) {
      refuse_recipe(recipe.settings.where,
                    "the source has images of the test split, where only real ones may be", "", "",
                    "take its training images alone with split = \"train\"");
    }
    const std::uint64_t id = sample_id(recipe.info.name, item);
    PlannedRow planned{.row = {.sample_id = id, .parent_id = id, .family_id = id}, .item = i};
    planned.row.source_row = item.row;
    planned.row.source_path = item.path;
    planned.row.label = item.label;
    planned.row.source = number;
    planned.row.origin = recipe.info.origin;
    plan.rows[static_cast<std::size_t>(item.split)].push_back(std::move(planned));
  }
}

void add_sources(const Recipe& recipe, const Sources& sources, Origin origin, Plan& plan) {
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (recipe.sources[i].info.origin != origin) continue;
    add_rows(recipe.sources[i], *sources[i], static_cast<std::uint32_t>(i), plan);
  }
}

// Children of every real training image, copy by copy, in the order of their parents.
void add_children(const Recipe& recipe, Plan& plan) {
  std::vector<PlannedRow>& rows = plan.rows[static_cast<std::size_t>(Split::train)];
  const std::size_t parents = rows.size();
  for (const AugmentRecipe& augment : recipe.augments) {
    const std::string text = to_json(augment.operations);
    const auto operations = static_cast<std::uint32_t>(plan.operations.size());
    plan.operations.push_back(text);
    for (std::uint32_t copy = 0; copy < augment.copies; ++copy) {
      for (std::size_t i = 0; i < parents; ++i) {
        PlannedRow child = rows[i];
        child.row.sample_id = hash_words(child.row.parent_id, xxh3(text), copy);
        child.row.origin = Origin::augmented;
        child.row.operations = operations;
        rows.push_back(std::move(child));
      }
    }
  }
}

void check_training(const Recipe& recipe, const Plan& plan) {
  std::vector<std::uint64_t> images(plan.class_names.size());
  std::uint64_t real = 0;
  for (const PlannedRow& planned : plan.rows[static_cast<std::size_t>(Split::train)]) {
    ++images[static_cast<std::size_t>(planned.row.label)];
    if (planned.row.origin == Origin::real) ++real;
  }
  if (real == 0) {
    refuse_recipe(recipe.file, "there is no real training image",
                  "a source with origin = \"real\" and split = \"train\"", "",
                  "mean and deviation are those of real training images");
  }
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (images[i] == 0)
      refuse_recipe(recipe.file, "class \"" + plan.class_names[i] + "\" has no training image");
  }
}

// Two of 64 bits are never equal by chance in practice; if they are, nothing downstream may mix them up.
void check_unique(const Recipe& recipe, const Plan& plan) {
  std::vector<std::uint64_t> ids;
  for (const auto& rows : plan.rows) {
    for (const PlannedRow& planned : rows) ids.push_back(planned.row.sample_id);
  }
  std::sort(ids.begin(), ids.end());
  const auto twin = std::adjacent_find(ids.begin(), ids.end());
  if (twin != ids.end()) {
    refuse_recipe(recipe.file, "two images have the same id " + hex(*twin), "", "",
                  "give one of the sources another name");
  }
}

void count_shards(const Recipe& recipe, Plan& plan) {
  const std::uint64_t limit = recipe.shard_megabytes * kMegabyte;
  const std::uint64_t rows_per_shard = std::max<std::uint64_t>(1, limit / plan.shape.bytes());
  for (std::size_t split = 0; split < plan.rows.size(); ++split) {
    const std::uint64_t rows = plan.rows[split].size();
    std::uint64_t count = (rows + rows_per_shard - 1) / rows_per_shard;
    if (split == static_cast<std::size_t>(Split::train) && recipe.shards) count = *recipe.shards;
    if (count > rows || count > kMostShards) {
      refuse_recipe(recipe.file, "that is too many shards",
                    "at most " + std::to_string(std::min(rows, kMostShards)), std::to_string(count));
    }
    plan.shard_counts[split] = static_cast<std::uint32_t>(count);
  }
}

}  // namespace

std::uint64_t sample_id(const std::string& source_name, const source::Item& item) {
  // Neither name nor path can hold a zero byte, so the parts cannot run into one another.
  std::string text = source_name;
  text += '\0';
  text += item.path;
  text += '\0';
  text += std::to_string(item.row);
  return xxh3(text);
}

Plan make_plan(const Recipe& recipe, const Sources& sources) {
  check_agreement(recipe, sources);
  Plan plan{.shape = sources[0]->listing().shape, .class_names = sources[0]->listing().class_names};
  plan.operations = {"[]"};
  add_sources(recipe, sources, Origin::real, plan);
  add_children(recipe, plan);
  add_sources(recipe, sources, Origin::synthetic, plan);
  check_training(recipe, plan);
  check_unique(recipe, plan);
  count_shards(recipe, plan);
  return plan;
}

}  // namespace titrate::prep
