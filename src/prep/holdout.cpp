#include "holdout.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

#include "titrate/core/hash.hpp"
#include "titrate/core/random.hpp"

namespace titrate::prep {
namespace {

using shard::Split;

struct Group {
  std::map<std::int32_t, std::uint64_t> images;  // by class
  std::uint64_t total = 0;

  std::int32_t label() const {  // the smallest of the most frequent
    const auto less = [](const auto& a, const auto& b) { return a.second < b.second; };
    return std::max_element(images.begin(), images.end(), less)->first;
  }
};

using Groups = std::unordered_map<std::uint64_t, Group>;

struct Ranked {
  std::uint64_t rank, group;
  auto operator<=>(const Ranked&) const = default;
};

// Takes groups, in order, until `target` images are taken; one that is too large is passed over. The last
// group of a class stays for training, whatever the shares.
void take(std::vector<Ranked>& ranked, const Groups& groups, std::uint64_t target, Split split,
          std::size_t& left, std::unordered_map<std::uint64_t, Split>& sides) {
  std::vector<Ranked> rest;
  for (const Ranked& candidate : ranked) {
    const std::uint64_t size = groups.at(candidate.group).total;
    if (size <= target && left > 1) {
      --left;
      target -= size;
      sides.emplace(candidate.group, split);
    } else {
      rest.push_back(candidate);
    }
  }
  ranked = std::move(rest);
}

// At least one, where anything is to be held out.
std::uint64_t share_of(double share, std::uint64_t images) {
  if (share <= 0) return 0;
  return std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::floor(share * static_cast<double>(images) + 0.5)));
}

}  // namespace

std::vector<Split> hold_out(std::span<const Candidate> candidates, const Shares& shares, std::size_t classes,
                            std::uint64_t seed) {
  Groups groups;
  std::vector<std::uint64_t> images(classes);
  for (const Candidate& candidate : candidates) {
    Group& group = groups[candidate.group];
    ++group.images[candidate.label];
    ++group.total;
    ++images[static_cast<std::size_t>(candidate.label)];
  }
  std::vector<std::vector<Ranked>> by_class(classes);
  for (const auto& [id, group] : groups) {
    by_class[static_cast<std::size_t>(group.label())].push_back({hash_words(seed, id, xxh3("split")), id});
  }
  std::unordered_map<std::uint64_t, Split> sides;
  for (std::size_t label = 0; label < classes; ++label) {
    std::sort(by_class[label].begin(), by_class[label].end());
    std::size_t left = by_class[label].size();
    take(by_class[label], groups, share_of(shares.test, images[label]), Split::test, left, sides);
    take(by_class[label], groups, share_of(shares.validation, images[label]), Split::validation, left, sides);
  }
  std::vector<Split> splits;
  splits.reserve(candidates.size());
  for (const Candidate& candidate : candidates) {
    const auto side = sides.find(candidate.group);
    splits.push_back(side == sides.end() ? Split::train : side->second);
  }
  return splits;
}

}  // namespace titrate::prep
