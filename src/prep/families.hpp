// Families: which images must stay on one side of every split. Private to this module.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "titrate/prep/plan.hpp"

namespace titrate::prep {

// One family for each of `images` (all of list_images()), as the smallest content hash in it. Images are of
// one family when their pixels are the same, when they are parts of one item, when their source says so, or
// when one was generated from the other.
std::vector<std::uint64_t> find_families(std::span<const Planned> images, const Sources& sources,
                                         const Survey& survey);

}  // namespace titrate::prep
