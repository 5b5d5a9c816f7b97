#include "plan.hpp"

#include <algorithm>
#include <set>

#include "families.hpp"
#include "plan_rows.hpp"
#include "titrate/core/hash.hpp"
#include "titrate/core/random.hpp"
#include "titrate/core/text.hpp"

namespace titrate::prep {
namespace {

using shard::Origin;
using shard::Split;

constexpr std::uint64_t kMegabyte = 1'000'000;
constexpr std::uint64_t kMostShards = 99'999;  // five digits in the file names

void check_classes(const Recipe& recipe, const Sources& sources) {
  const source::Listing& first = sources[0]->listing();
  for (std::size_t i = 1; i < sources.size(); ++i) {
    const source::Listing& listing = sources[i]->listing();
    if (listing.class_names == first.class_names) continue;
    refuse_recipe(recipe.sources[i].settings.where,
                  "the classes are not those of source " + recipe.sources[0].info.name,
                  join(first.class_names, ", "), join(listing.class_names, ", "),
                  "name them in both with classes = [...]");
  }
}

// The one shape that all images have after their transforms.
image::Shape common_shape(const Recipe& recipe, const Sources& sources) {
  image::Shape common{}, last{}, after{};
  std::string first_place;
  for (std::uint32_t s = 0; s < sources.size(); ++s) {
    const SourceRecipe& source = recipe.sources[s];
    const std::vector<source::Item>& items = sources[s]->listing().items;
    for (std::uint32_t i = 0; i < items.size(); ++i) {
      if (i == 0 || items[i].shape != last) {
        last = items[i].shape;
        after = image::shape_after(source.transforms, last, place_of(recipe, sources, {s, i}));
      }
      if (first_place.empty()) {
        common = after;
        first_place = place_of(recipe, sources, {s, i});
      }
      if (after == common) continue;
      refuse_recipe(place_of(recipe, sources, {s, i}), "the image has another shape than " + first_place,
                    image::to_string(common), image::to_string(after),
                    after.height == common.height && after.width == common.width
                        ? "bring all to one with transforms = [\"rgb\"] (or [\"grey\"]); without a recipe: "
                          "--set 'transforms=[\"rgb\"]'"
                        : "bring all to one with transforms = [\"rgb\", \"resize 64\"]; without a recipe: "
                          "--set 'transforms=[\"rgb\", \"resize 64\"]'");
    }
  }
  return common;
}

void list_sources(const Recipe& recipe, const Sources& sources, PackPlan& plan) {
  std::size_t images = 0;
  for (std::size_t s = 0; s < sources.size(); ++s) {
    plan.parts.push_back(image::parts_of(recipe.sources[s].transforms));
    plan.first_image.push_back(images);
    images += sources[s]->listing().items.size() * plan.parts.back();
    const source::Listing& listing = sources[s]->listing();
    std::vector<bool> used(listing.parts.size());
    for (const source::Item& item : listing.items) used[item.part] = true;
    plan.part_sources.emplace_back(listing.parts.size());
    for (std::size_t p = 0; p < listing.parts.size(); ++p) {
      if (!used[p]) continue;
      const source::Part& part = listing.parts[p];
      shard::SourceInfo info = recipe.sources[s].info;
      if (!part.name.empty()) info.name += "/" + part.name;
      if (part.origin) info.origin = *part.origin;
      if (!part.generator.empty()) info.generator = part.generator;
      if (!part.trained_on.empty()) info.trained_on = part.trained_on;
      if (!part.licence.empty()) info.licence = part.licence;
      if (info.origin == Origin::synthetic && info.generator.empty()) {
        refuse_recipe(recipe.sources[s].settings.where,
                      "its synthetic images (" + info.name + ") do not say what made them", "a generator", "",
                      "name it in the source, or with generator = \"...\"");
      }
      plan.part_sources.back()[p] = static_cast<std::uint32_t>(plan.sources.size());
      plan.sources.push_back(std::move(info));
    }
  }
}

void check_training(const Recipe& recipe, const Sources& sources, const PackPlan& plan) {
  std::vector<std::uint64_t> images(plan.class_names.size());
  bool real = false;
  for (const Planned& planned : plan.rows[static_cast<std::size_t>(Split::train)]) {
    const source::Item& item = sources[planned.source]->listing().items[planned.item];
    ++images[static_cast<std::size_t>(item.label)];
    real = real || plan.sources[plan.part_sources[planned.source][item.part]].origin == Origin::real;
  }
  if (!real) {
    refuse_recipe(recipe.file, "there is no real training image",
                  "a source with origin = \"real\" and split = \"train\"", "",
                  "mean and deviation are those of real training images");
  }
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (images[i] == 0) {
      refuse_recipe(recipe.file, "class \"" + plan.class_names[i] + "\" has no training image", "", "",
                    "give it some, or leave it out of the classes: classes = 10, or a list of names");
    }
  }
}

// Two of 64 bits are never equal by chance in practice; if they are, nothing downstream may mix them up.
void check_unique(const Recipe& recipe, const Sources& sources, const PackPlan& plan) {
  std::vector<std::uint64_t> ids;
  for (const auto& rows : plan.rows) {
    for (const Planned& planned : rows) ids.push_back(make_row(recipe, sources, plan, planned).sample_id);
  }
  std::sort(ids.begin(), ids.end());
  const auto twin = std::adjacent_find(ids.begin(), ids.end());
  if (twin != ids.end()) {
    refuse_recipe(recipe.file, "two images have the same id " + hex(*twin), "", "",
                  "give one of the sources another name");
  }
}

void count_shards(const Recipe& recipe, PackPlan& plan) {
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

OperationTable::OperationTable(const Recipe& recipe, const Sources& sources)
    : augments_(static_cast<std::uint32_t>(recipe.augments.size())) {
  for (const SourceRecipe& source : recipe.sources)
    most_parts_ = std::max(most_parts_, image::parts_of(source.transforms));
  add("[]");
  for (const AugmentRecipe& augment : recipe.augments) add(to_json(augment.operations));
  for (std::uint32_t augment = 0; most_parts_ > 1 && augment <= augments_; ++augment) {
    for (std::uint32_t part = 0; part < most_parts_; ++part) {
      const std::string rest = texts_[augment].substr(1);  // without its [
      add("[\"patch " + std::to_string(part) + '"' + (rest == "]" ? "" : ",") + rest);
    }
  }
  for (const auto& source : sources) {
    for (const auto& [item, kin] : source->listing().kinship) {
      if (!kin.operations.empty()) index_.emplace(kin.operations, 0);
    }
  }
  // In the order of their text: that of the listing's map is nobody's.
  std::set<std::string> said;
  for (const auto& [text, index] : index_) {
    if (std::ranges::find(texts_, text) == texts_.end()) said.insert(text);
  }
  for (const std::string& text : said) add(text);
}

std::uint32_t OperationTable::add(const std::string& text) {
  texts_.push_back(text);
  index_[text] = static_cast<std::uint32_t>(texts_.size() - 1);
  return index_[text];
}

std::uint32_t OperationTable::find(std::uint32_t parts, std::uint32_t part, std::uint32_t augment) const {
  return parts == 1 ? augment : 1 + augments_ + augment * most_parts_ + part;
}

std::vector<Planned> list_images(const Recipe& recipe, const Sources& sources) {
  std::vector<Planned> images;
  for (std::uint32_t s = 0; s < sources.size(); ++s) {
    const std::uint32_t parts = image::parts_of(recipe.sources[s].transforms);
    const auto items = static_cast<std::uint32_t>(sources[s]->listing().items.size());
    for (std::uint32_t item = 0; item < items; ++item) {
      for (std::uint32_t part = 0; part < parts; ++part) images.push_back({s, item, part});
    }
  }
  return images;
}

bool needs_survey(const Recipe& recipe, const Sources& sources) {
  if (recipe.split.test > 0 || recipe.split.validation > 0) return true;
  // Classes can be brought to a number only by who knows which of their images can be read.
  const auto balances = [](const AugmentRecipe& augment) { return augment.to.has_value(); };
  if (std::ranges::any_of(recipe.augments, balances)) return true;
  const auto several = [](const SourceRecipe& source) { return image::parts_of(source.transforms) > 1; };
  const auto related = [](const auto& source) { return !source->listing().kinship.empty(); };
  return std::ranges::any_of(recipe.sources, several) || std::ranges::any_of(sources, related);
}

std::string place_of(const Recipe& recipe, const Sources& sources, const Planned& planned) {
  const source::Item& item = sources[planned.source]->listing().items[planned.item];
  return recipe.sources[planned.source].info.name + ": " + item.path +
         (item.row == 0 ? "" : " row " + std::to_string(item.row));
}

std::uint64_t sample_id(const std::string& source_name, const source::Item& item) {
  // Neither name nor path can hold a zero byte, so the parts cannot run into one another.
  std::string text = source_name;
  text += '\0';
  text += item.path;
  text += '\0';
  text += std::to_string(item.row);
  return xxh3(text);
}

shard::Row make_row(const Recipe& recipe, const Sources& sources, const PackPlan& plan,
                    const Planned& planned) {
  const source::Listing& listing = sources[planned.source]->listing();
  const source::Item& item = listing.items[planned.item];
  const std::string& name = recipe.sources[planned.source].info.name;
  const std::uint32_t parts = plan.parts[planned.source],
                      source = plan.part_sources[planned.source][item.part];
  const auto id_of = [&](const source::Item& of) {
    const std::uint64_t id = sample_id(name, of);
    return parts == 1 ? id : hash_words(id, planned.part + 1);
  };
  shard::Row row{.sample_id = id_of(item)};
  row.parent_id = row.sample_id;
  row.source_row = item.row;
  row.source_path = item.path;
  row.label = item.label;
  row.source = source;
  row.origin = plan.sources[source].origin;
  row.operations = plan.operations.find(parts, planned.part, planned.augment);
  if (planned.augment > 0) {
    row.origin = Origin::augmented;
    const std::string& text = plan.operations.texts()[planned.augment];
    row.sample_id = hash_words(row.parent_id, xxh3(text), planned.copy);
  } else if (const auto kin = listing.kinship.find(planned.item); kin != listing.kinship.end()) {
    if (kin->second.parent) row.parent_id = id_of(listing.items[*kin->second.parent]);
    if (kin->second.parent) row.origin = Origin::augmented;
    if (!kin->second.operations.empty()) row.operations = plan.operations.find(kin->second.operations);
  }
  if (!plan.families.empty())
    row.family_id = plan.families[plan.first_image[planned.source] + planned.item * parts + planned.part];
  return row;
}

PackPlan make_plan(const Recipe& recipe, const Sources& sources, const std::optional<Survey>& survey) {
  check_classes(recipe, sources);
  PackPlan plan{.shape = common_shape(recipe, sources), .class_names = sources[0]->listing().class_names};
  list_sources(recipe, sources, plan);
  plan.operations = OperationTable(recipe, sources);
  const std::vector<Planned> images = list_images(recipe, sources);
  std::optional<Survey> known = survey;
  if (known) {
    Families families = find_families(recipe, sources, images, *known);
    plan.families = std::move(families.of);
    plan.refused = known->refused;
    plan.refused.insert(plan.refused.end(), families.orphans.begin(), families.orphans.end());
    for (const std::size_t image : families.orphan_images) known->content[image] = 0;
  }
  plan_rows(recipe, sources, images, known, plan);
  check_training(recipe, sources, plan);
  check_unique(recipe, sources, plan);
  count_shards(recipe, plan);
  return plan;
}

}  // namespace titrate::prep
