// Reading one [[source]] of a recipe. Private to this module.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "titrate/prep/recipe.hpp"
#include "toml_reader.hpp"

namespace titrate::prep {

// The keys that every source has, whatever its kind.
std::span<const source::Key> source_keys();

// `numbers` counts the sources of each kind, for names like "glyphs-2".
SourceRecipe read_source(const TomlTable& table, std::uint64_t seed, std::map<std::string, int>& numbers);

std::vector<image::Transform> read_transforms(const TomlTable& table);

}  // namespace titrate::prep
