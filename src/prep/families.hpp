// Families: which images must stay on one side of every split. Private to this module.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plan.hpp"

namespace titrate::prep {

struct Families {
  std::vector<std::uint64_t> of{};         // by image
  std::vector<source::Refusal> orphans{};  // generated images whose parents are named and nowhere to be found
  std::vector<std::size_t> orphan_images{};  // all parts of them
};

// One family for each of `images` (all of list_images()), as the smallest content hash in it. Images are of
// one family when their pixels are the same, when they are parts of one item, when their source says so, or
// when one was generated from the other: a sidecar names parents by their path, or as place_of() does.
Families find_families(const Recipe& recipe, const Sources& sources, std::span<const Planned> images,
                       const Survey& survey);

}  // namespace titrate::prep
