#include "plan_rows.hpp"

#include <algorithm>
#include <unordered_set>

#include "holdout.hpp"

namespace titrate::prep {
namespace {

using shard::Origin;
using shard::Split;

constexpr std::array kSplits{Split::train, Split::validation, Split::test};

class RowPlanner {
 public:
  RowPlanner(const Recipe& recipe, const Sources& sources, PackPlan& plan)
      : recipe_(recipe), sources_(sources), plan_(plan) {}

  void run(std::span<const Planned> images, const std::optional<Survey>& survey);

 private:
  const source::Item& item_of(const Planned& planned) const {
    return sources_[planned.source]->listing().items[planned.item];
  }
  std::vector<Planned>& rows(Split split) { return plan_.rows[static_cast<std::size_t>(split)]; }

  Origin origin_of(const Planned& planned) const;
  void choose_splits(std::span<const Planned> images, const std::vector<bool>& taken,
                     std::vector<Split>& splits) const;
  void refuse_given_splits(std::span<const Planned> images) const;
  void leave_out_unread(std::span<const Planned> images, const Survey& survey, std::vector<bool>& taken);
  void leave_out(std::span<const Planned> images, std::vector<bool>& taken, std::span<const Split> splits);
  void add(std::span<const Planned> images, const std::vector<bool>& taken, std::span<const Split> splits,
           Origin origin);
  void add_children(std::uint32_t augment, Split split, std::size_t parents);
  std::vector<std::uint64_t> copies_of(const AugmentRecipe& augment, std::span<const Planned> parents) const;
  void split_by_image();

  const Recipe& recipe_;
  const Sources& sources_;
  PackPlan& plan_;
};

Origin RowPlanner::origin_of(const Planned& planned) const {
  const source::Listing& listing = sources_[planned.source]->listing();
  const auto kin = listing.kinship.find(planned.item);
  if (planned.augment > 0 || (kin != listing.kinship.end() && kin->second.parent)) return Origin::augmented;
  return plan_.sources[plan_.part_sources[planned.source][item_of(planned).part]].origin;
}

void RowPlanner::refuse_given_splits(std::span<const Planned> images) const {
  for (const Planned& image : images) {
    const Split split = item_of(image).split;
    if ((split == Split::test && recipe_.split.test > 0) ||
        (split == Split::validation && recipe_.split.validation > 0)) {
      refuse_recipe(recipe_.split.where,
                    "source " + recipe_.sources[image.source].info.name + " has " +
                        std::string(name_of(split)) + " images of its own",
                    "", "", "take its training images alone with split = \"train\", or leave out [split]");
    }
  }
}

// Whole families of real training images, and whatever else is of them, leave training.
void RowPlanner::choose_splits(std::span<const Planned> images, const std::vector<bool>& taken,
                               std::vector<Split>& splits) const {
  std::vector<Candidate> candidates;
  std::vector<std::size_t> where;
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (!taken[i] || origin_of(images[i]) != Origin::real || splits[i] != Split::train) continue;
    candidates.push_back({plan_.families[i], item_of(images[i]).label});
    where.push_back(i);
  }
  const std::vector<Split> chosen = hold_out(candidates, {recipe_.split.test, recipe_.split.validation},
                                             plan_.class_names.size(), recipe_.seed);
  for (std::size_t i = 0; i < chosen.size(); ++i) splits[where[i]] = chosen[i];
}

// What cannot be read, and the children that a source brings along of it.
void RowPlanner::leave_out_unread(std::span<const Planned> images, const Survey& survey,
                                  std::vector<bool>& taken) {
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto& kinship = sources_[images[i].source]->listing().kinship;
    const auto kin = kinship.find(images[i].item);
    taken[i] = survey.content[i] != 0;
    if (!taken[i] || kin == kinship.end() || !kin->second.parent) continue;
    const std::size_t parts = plan_.parts[images[i].source];
    const std::size_t parent =
        plan_.first_image[images[i].source] + *kin->second.parent * parts + images[i].part;
    if (survey.content[parent] != 0) continue;
    taken[i] = false;
    if (images[i].part == 0)
      plan_.refused.push_back({place_of(recipe_, sources_, images[i]), "its parent cannot be read"});
  }
}

// What was made of a held-out image may neither train nor test.
void RowPlanner::leave_out(std::span<const Planned> images, std::vector<bool>& taken,
                           std::span<const Split> splits) {
  std::unordered_set<std::uint64_t> held_out;
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (taken[i] && splits[i] != Split::train) held_out.insert(plan_.families[i]);
  }
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (!taken[i] || splits[i] != Split::train || !held_out.contains(plan_.families[i])) continue;
    if (origin_of(images[i]) == Origin::real) continue;  // given so by its source: refused as a leak
    taken[i] = false;
    if (images[i].part == 0) {
      plan_.refused.push_back(
          {place_of(recipe_, sources_, images[i]), "it is made of a held-out image, or the same as one"});
    }
  }
}

void RowPlanner::add(std::span<const Planned> images, const std::vector<bool>& taken,
                     std::span<const Split> splits, Origin origin) {
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (!taken[i] || origin_of(images[i]) != origin) continue;
    if (origin == Origin::synthetic && splits[i] != Split::train) {
      refuse_recipe(recipe_.sources[images[i].source].settings.where,
                    "the source has synthetic images of the " + std::string(name_of(splits[i])) +
                        " split, where only real ones may be",
                    "", "", "take its training images alone with split = \"train\"");
    }
    rows(splits[i]).push_back(images[i]);
  }
}

// How many children each of the parents gets.
std::vector<std::uint64_t> RowPlanner::copies_of(const AugmentRecipe& augment,
                                                 std::span<const Planned> parents) const {
  if (!augment.to) return std::vector<std::uint64_t>(parents.size(), augment.copies);
  std::vector<std::uint64_t> images(plan_.class_names.size()), first(images.size()), seen(images.size());
  const auto label = [&](const Planned& planned) { return static_cast<std::size_t>(item_of(planned).label); };
  for (const Planned& row : plan_.rows[static_cast<std::size_t>(Split::train)]) ++images[label(row)];
  for (const Planned& parent : parents) ++first[label(parent)];
  const std::uint64_t goal =
      *augment.to == kLargestClass ? *std::max_element(images.begin(), images.end()) : *augment.to;
  std::vector<std::uint64_t> copies;
  for (const Planned& parent : parents) {
    const std::size_t c = label(parent);
    const std::uint64_t missing = goal > images[c] ? goal - images[c] : 0;
    copies.push_back(missing / first[c] + (seen[c]++ < missing % first[c] ? 1 : 0));
  }
  return copies;
}

// Children of the first `parents` rows of a split, parent by parent, so that each is decoded once.
void RowPlanner::add_children(std::uint32_t augment, Split split, std::size_t parents) {
  std::vector<Planned>& all = rows(split);
  const std::vector<Planned> real(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(parents));
  const std::vector<std::uint64_t> copies = copies_of(recipe_.augments[augment], real);
  for (std::size_t i = 0; i < real.size(); ++i) {
    for (std::uint64_t copy = 0; copy < copies[i]; ++copy) {
      Planned child = real[i];
      child.augment = augment + 1;
      child.copy = static_cast<std::uint32_t>(copy);
      all.push_back(child);
    }
  }
}

// Each real image and each child for itself: families are torn, which is what this is for.
void RowPlanner::split_by_image() {
  std::vector<Planned> all = std::move(rows(Split::train));
  rows(Split::train).clear();
  std::vector<Candidate> candidates;
  for (const Planned& row : all)
    candidates.push_back({make_row(recipe_, sources_, plan_, row).sample_id, item_of(row).label});
  const std::vector<Split> chosen = hold_out(candidates, {recipe_.split.test, recipe_.split.validation},
                                             plan_.class_names.size(), recipe_.seed);
  for (std::size_t i = 0; i < all.size(); ++i) rows(chosen[i]).push_back(all[i]);
}

void RowPlanner::run(std::span<const Planned> images, const std::optional<Survey>& survey) {
  std::vector<Split> splits;
  for (const Planned& image : images) splits.push_back(item_of(image).split);
  std::vector<bool> taken(images.size(), true);
  const bool by_family = recipe_.split.by == SplitUnit::family;
  refuse_given_splits(images);
  if (survey) {
    leave_out_unread(images, *survey, taken);
    if (by_family) choose_splits(images, taken, splits);
    leave_out(images, taken, splits);
  }
  add(images, taken, splits, Origin::real);
  std::array<std::size_t, 3> parents{};
  for (const Split split : kSplits) parents[static_cast<std::size_t>(split)] = rows(split).size();
  add(images, taken, splits, Origin::augmented);
  for (std::uint32_t augment = 0; augment < recipe_.augments.size(); ++augment) {
    for (const Split split : kSplits) {
      if (split == Split::train || recipe_.augments[augment].held_out)
        add_children(augment, split, parents[static_cast<std::size_t>(split)]);
    }
  }
  if (!by_family && (recipe_.split.test > 0 || recipe_.split.validation > 0)) split_by_image();
  add(images, taken, splits, Origin::synthetic);
}

}  // namespace

void plan_rows(const Recipe& recipe, const Sources& sources, std::span<const Planned> images,
               const std::optional<Survey>& survey, PackPlan& plan) {
  RowPlanner(recipe, sources, plan).run(images, survey);
}

}  // namespace titrate::prep
