// What goes where in a dataset: every row of every split in its final order, before a pixel is read. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "titrate/prep/recipe.hpp"
#include "titrate/shard/format.hpp"
#include "titrate/source/source.hpp"

namespace titrate::prep {

using Sources = std::vector<std::unique_ptr<source::Source>>;  // in the order of the recipe

struct PlannedRow {
  shard::Row row{};      // whole but for its content_hash; row.operations - 1 is the [[augment]] where not 0
  std::size_t item = 0;  // index into the listing of source row.source
};

struct Plan {
  image::Shape shape{};
  std::vector<std::string> class_names{};
  std::vector<std::string> operations{};          // the table that rows point into
  std::array<std::vector<PlannedRow>, 3> rows{};  // by split: real, then augmented, then synthetic
  std::array<std::uint32_t, 3> shard_counts{};    // by split
};

// The id of an image: a function of where it lies, so that adding images does not rename others.
std::uint64_t sample_id(const std::string& source_name, const source::Item& item);

// Throws Error (usage): shapes or classes that differ between sources, images that are not real outside
// training, a class without a training image, no real training image, more shards than rows.
Plan make_plan(const Recipe& recipe, const Sources& sources);

}  // namespace titrate::prep
