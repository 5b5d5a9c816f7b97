// Reading one [[source]] of a recipe. Private to this module.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "titrate/core/document.hpp"
#include "titrate/prep/recipe.hpp"

namespace titrate::prep {

// The keys that every source has, whatever its kind, which is the first.
std::span<const DocumentKey> source_keys();

// `numbers` counts the sources of each kind, for names like "glyphs-2".
SourceRecipe read_source(const DocumentTable& table, std::uint64_t seed, std::map<std::string, int>& numbers);

std::vector<image::Transform> read_transforms(const DocumentTable& table, const Values& values);

}  // namespace titrate::prep
