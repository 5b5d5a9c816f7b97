// Which rows a trial trains on. Pure: the same arguments give the same rows on every machine.
//
// Selections nest and are stratified: for one seed, the rows of a smaller size are a prefix of those of a
// larger one, origin by origin, and each class keeps its share of the dataset to within one image.
#pragma once

#include <cstdint>
#include <vector>

#include "titrate/core/choice.hpp"
#include "titrate/data/catalog.hpp"

namespace titrate::data {

enum class MixMode { add, replace };  // keep the real images, or keep the total
constexpr auto choices(MixMode) {
  return choice_table<MixMode>({{MixMode::add, "add"}, {MixMode::replace, "replace"}});
}

// Class shares of the synthetic images; fill tops up small classes.
enum class SyntheticClasses { as_real, uniform, fill };
constexpr auto choices(SyntheticClasses) {
  return choice_table<SyntheticClasses>({{SyntheticClasses::as_real, "as_real"},
                                         {SyntheticClasses::uniform, "uniform"},
                                         {SyntheticClasses::fill, "fill"}});
}

struct SelectionRequest {
  std::uint32_t size = 0;        // real images (add) or images in all (replace)
  double synthetic_ratio = 0.0;  // add: synthetic per real image; replace: share of the total, 0 to 1
  MixMode mode = MixMode::add;
  SyntheticClasses synthetic_classes = SyntheticClasses::as_real;
  std::uint32_t augmented_copies = 0;  // packed children per selected real training image
  double validation_fraction =
      0.0;  // of the real images (of the synthetic ones where there are no real ones), in [0, 1)
  std::uint64_t seed = 0;
};

// Row indices into a catalog, one nested list per origin; what was carved out for validation is in none of
// the others.
struct Selection {
  std::vector<std::uint32_t> real;
  std::vector<std::uint32_t> augmented;
  std::vector<std::uint32_t> synthetic;
  std::vector<std::uint32_t> validation;

  std::vector<std::uint32_t> training() const;  // real, augmented, synthetic
};

// Throws Error (usage) when the catalog holds too few images of a class, naming the class and origin, the
// number asked for and the number there; when a class that was selected has no image left to train on, naming
// it; or when a validation fraction above 0 is less than an image.
Selection select(const Dataset& dataset, const SelectionRequest& request);

// The images that select() would train on, and those it would carve out, from counts alone.
std::uint64_t training_images(const SelectionRequest& request);
std::uint64_t validation_images(const SelectionRequest& request);

// Class of each of the first `size` images: at step k the class with the earliest deadline among those whose
// count is below k * (class share) (R. Tijdeman, "The chairman assignment problem", 1980). sum(available)
// >= 1.
std::vector<std::uint32_t> class_sequence(const std::vector<std::uint64_t>& available, std::uint32_t size);

}  // namespace titrate::data
