// Wrong labels, to measure how many of them a network stands. Pure: the same arguments give the same labels
// on every machine.
//
// Of the real, synthetic and validation images of a selection an exact share gets another label. Validation
// images too: they were carved out of what the trial was given, and clean ones would be knowledge that it
// does not have. Augmented children have the label of their parent, right or wrong. Test images keep theirs.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "titrate/data/catalog.hpp"
#include "titrate/data/selection.hpp"

namespace titrate::data {

struct LabelNoise {
  double share = 0;                        // of the images, 0 to 1; see noisy_labels()
  std::optional<std::uint32_t> towards{};  // the class they become; none: any other class, all alike
};

// By row of the catalog. Shares nest: the first round(share x n) images in the order of
// hash(seed, sample) change, and to what they change depends on (seed, sample) alone. n is the number of
// images (of those that are not yet of the class `towards`). Throws Error (usage, data.label_noise) for a
// share outside of 0 to 1, a class that there is not, or no other class to change to.
std::vector<std::int32_t> noisy_labels(const Dataset& dataset, const Selection& selection,
                                       const LabelNoise& noise, std::uint64_t seed);

}  // namespace titrate::data
