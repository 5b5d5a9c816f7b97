#include "families.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <unordered_map>

namespace titrate::prep {
namespace {

// Union-find with halving of paths; the root of a set is its smallest index.
class Sets {
 public:
  explicit Sets(std::size_t count) : parent_(count) {
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
  }

  std::size_t find(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void unite(std::size_t a, std::size_t b) {
    a = find(a);
    b = find(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::size_t> parent_;
};

// Unites all images that are given the same key.
class Groups {
 public:
  explicit Groups(Sets& sets) : sets_(sets) {}
  void add(std::uint64_t key, std::size_t image) {
    if (const auto [first, is_new] = first_.emplace(key, image); !is_new) sets_.unite(first->second, image);
  }

 private:
  Sets& sets_;
  std::unordered_map<std::uint64_t, std::size_t> first_;
};

// Where the images of each item begin.
std::vector<std::vector<std::size_t>> first_images(std::span<const Planned> images, const Sources& sources) {
  std::vector<std::vector<std::size_t>> first(sources.size());
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (images[i].part == 0) first[images[i].source].push_back(i);
  }
  return first;
}

// The images that have a path: those that were taken, and those that were made of others. A generator may
// give its image the name of the one that it started from.
struct Namesakes {
  std::vector<std::size_t> taken{}, made{};
};

using Names = std::unordered_map<std::string, Namesakes>;

Names names_of(const Recipe& recipe, const Sources& sources,
               const std::vector<std::vector<std::size_t>>& first) {
  Names names;
  for (std::size_t s = 0; s < sources.size(); ++s) {
    const source::Listing& listing = sources[s]->listing();
    for (std::size_t i = 0; i < listing.items.size(); ++i) {
      const auto kin = listing.kinship.find(i);
      const bool made = kin != listing.kinship.end() && !kin->second.parents.empty();
      const Planned planned{static_cast<std::uint32_t>(s), static_cast<std::uint32_t>(i)};
      for (const std::string& name : {listing.items[i].path, place_of(recipe, sources, planned)}) {
        Namesakes& namesakes = names[name];
        (made ? namesakes.made : namesakes.taken).push_back(first[s][i]);
      }
    }
    for (const source::Refusal& refusal : listing.refused) names.try_emplace(refusal.path);
  }
  return names;
}

// Unites `image` with its parent of this name: with each that it may be. False where nobody has the name.
bool unite_named(const Names& names, const std::string& path, std::size_t image, Sets& sets) {
  const auto found = names.find(path);
  if (found == names.end()) return false;
  const auto& [taken, made] = found->second;
  const std::vector<std::size_t>& parents = taken.empty() ? made : taken;
  for (const std::size_t parent : parents) sets.unite(parent, image);
  return parents != std::vector{image};
}

// A generator's image belongs to those that it started from, which are named by their paths in any source.
void unite_parents(const Recipe& recipe, const Sources& sources,
                   const std::vector<std::vector<std::size_t>>& first, Sets& sets, Families& families) {
  const auto each_child = [&](const auto& use) {
    for (std::size_t s = 0; s < sources.size(); ++s) {
      const std::map<std::size_t, source::Kinship> in_order(sources[s]->listing().kinship.begin(),
                                                            sources[s]->listing().kinship.end());
      for (const auto& [item, kin] : in_order) {
        if (!kin.parents.empty()) use(s, item, kin.parents);
      }
    }
  };
  bool any = false;
  each_child([&](std::size_t, std::size_t, const auto&) { any = true; });
  if (!any) return;
  const Names names = names_of(recipe, sources, first);
  each_child([&](std::size_t s, std::size_t item, const std::vector<std::string>& parents) {
    for (const std::string& path : parents) {
      if (unite_named(names, path, first[s][item], sets)) continue;
      const Planned planned{static_cast<std::uint32_t>(s), static_cast<std::uint32_t>(item)};
      families.orphans.push_back(
          {place_of(recipe, sources, planned), "its sidecar names a parent that no source has: " + path});
      const std::uint32_t parts = image::parts_of(recipe.sources[s].transforms);
      for (std::uint32_t part = 0; part < parts; ++part)
        families.orphan_images.push_back(first[s][item] + part);
      return;
    }
  });
}

}  // namespace

Families find_families(const Recipe& recipe, const Sources& sources, std::span<const Planned> images,
                       const Survey& survey) {
  Families families;
  Sets sets(images.size());
  Groups same_pixels(sets);
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (survey.content[i] != 0) same_pixels.add(survey.content[i], i);
    if (images[i].part > 0) sets.unite(i, i - images[i].part);
  }
  const auto first = first_images(images, sources);
  for (std::size_t s = 0; s < sources.size(); ++s) {
    Groups said(sets);
    for (const auto& [item, kin] : sources[s]->listing().kinship) {
      if (kin.family) said.add(*kin.family, first[s][item]);
      if (kin.parent) sets.unite(first[s][*kin.parent], first[s][item]);
    }
  }
  unite_parents(recipe, sources, first, sets, families);
  std::vector<std::uint64_t> smallest(images.size(), ~std::uint64_t{0});
  for (std::size_t i = 0; i < images.size(); ++i) {
    std::uint64_t& family = smallest[sets.find(i)];
    if (survey.content[i] != 0) family = std::min(family, survey.content[i]);
  }
  families.of.resize(images.size());
  for (std::size_t i = 0; i < images.size(); ++i) families.of[i] = smallest[sets.find(i)];
  return families;
}

}  // namespace titrate::prep
