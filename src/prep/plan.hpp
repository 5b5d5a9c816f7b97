// What goes where in a dataset: every row of every split in its final order, before an image is packed. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "titrate/prep/recipe.hpp"
#include "titrate/shard/format.hpp"
#include "titrate/shard/manifest.hpp"
#include "titrate/source/source.hpp"

namespace titrate::prep {

using Sources = std::vector<std::unique_ptr<source::Source>>;  // in the order of the recipe

// One image to be: a part of an item of a source, as it is or changed. Small, because there is one for every
// row.
struct Planned {
  std::uint32_t source = 0;   // index into Sources
  std::uint32_t item = 0;     // index into its listing
  std::uint32_t part = 0;     // of those that its transforms make of one image
  std::uint32_t augment = 0;  // 0: as it is; else [[augment]] number augment - 1
  std::uint32_t copy = 0;     // which of its changed copies
};

// What must be known of all images before their families and splits can be; see survey.hpp. By image, in the
// order of list_images().
struct Survey {
  std::vector<std::uint64_t> content{};    // hash of the pixels; 0 where the image cannot be read
  std::vector<source::Refusal> refused{};  // those, as they are named in the quarantine
};

// Which row of a dataset's /operations says what was done: nothing, which part of an image was taken, which
// [[augment]] changed it.
class OperationTable {
 public:
  OperationTable() = default;
  OperationTable(const Recipe& recipe, const Sources& sources);

  const std::vector<std::string>& texts() const { return texts_; }
  std::uint32_t find(std::uint32_t parts, std::uint32_t part, std::uint32_t augment) const;
  std::uint32_t find(const std::string& text) const { return index_.at(text); }

 private:
  std::uint32_t add(const std::string& text);

  std::vector<std::string> texts_;
  std::unordered_map<std::string, std::uint32_t> index_;
  std::uint32_t most_parts_ = 1, augments_ = 0;
};

struct PackPlan {
  image::Shape shape{};
  std::vector<std::string> class_names{};
  std::vector<shard::SourceInfo> sources{};  // those of the dataset: a source with several parts is several
  std::vector<std::vector<std::uint32_t>>
      part_sources{};  // by source of the recipe and part: index into `sources`
  OperationTable operations{};
  std::array<std::vector<Planned>, 3> rows{};   // by split: real, then augmented, then synthetic
  std::array<std::uint32_t, 3> shard_counts{};  // by split
  std::vector<std::uint64_t> families{};   // by image as list_images() has them; empty: of their own content
  std::vector<std::size_t> first_image{};  // by source: where its images begin in list_images()
  std::vector<std::uint32_t> parts{};      // by source: images made of each item
  std::vector<source::Refusal> refused{};  // images that the plan leaves out, with the name of their source
};

// Every image of the sources, source by source, item by item, part by part.
std::vector<Planned> list_images(const Recipe& recipe, const Sources& sources);

// Do families or splits depend on what the images hold?
bool needs_survey(const Recipe& recipe, const Sources& sources);

// Throws Error (usage): shapes or classes that differ between sources, images that are not real outside
// training, a class without a training image, no real training image, more shards than rows.
PackPlan make_plan(const Recipe& recipe, const Sources& sources, const std::optional<Survey>& survey = {});

// "SOURCE: PATH", or "SOURCE: PATH row 3": how an item is called in messages and in the quarantine.
std::string place_of(const Recipe& recipe, const Sources& sources, const Planned& planned);

// The row of an image: whole but for its content_hash, and for its family_id where the plan has no families.
shard::Row make_row(const Recipe& recipe, const Sources& sources, const PackPlan& plan,
                    const Planned& planned);

// The id of an item: a function of where it lies, so that adding images does not rename others. Parts and
// children are named after it.
std::uint64_t sample_id(const std::string& source_name, const source::Item& item);

}  // namespace titrate::prep
