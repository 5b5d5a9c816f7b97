// From levels to the floats a network sees: (level / 255 - mean) / deviation, whose mean and deviation come
// from the whole dataset, from what a trial trains on, or from each pixel of that. What does not vary
// (deviation 0) is only centred.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "titrate/core/choice.hpp"
#include "titrate/data/catalog.hpp"

namespace titrate::data {

// dataset: per channel, as the manifest says: over all real training images, also those a trial does not see.
// selection: per channel, over the rows a trial trains on.
// pixel: for each place in the picture and channel, over those rows, as Keras's featurewise normalisation and
// scikit-learn's StandardScaler do.
// none: level / 255.
enum class Standardise { dataset, selection, pixel, none };
constexpr auto choices(Standardise) {
  return choice_table<Standardise>({{Standardise::dataset, "dataset"},
                                    {Standardise::selection, "selection"},
                                    {Standardise::pixel, "pixel"},
                                    {Standardise::none, "none"}});
}

// Plain data, to be kept beside the weights of a network that was trained with it. Either `table` is filled,
// or `mean` and `scale` are.
struct Standardisation {
  std::vector<float> table{};  // [channel][level], C x 256: the float of each level

  // H x W x C, as pixels lie: (level - mean) * scale, with the mean in levels (0 to 255) and the scale
  // 1 / (255 deviation).
  std::vector<float> mean{}, scale{};

  bool operator==(const Standardisation&) const = default;
};

// By channel, from mean and population deviation of level / 255.
Standardisation standardise_channels(std::span<const double> mean, std::span<const double> deviation);

// Of the pixels as they are stored, before augmentation and noise. Sums are integers, so the order of the
// rows does not matter; `dataset` and `none` do not look at them, the others need one at least (Error,
// internal).
Standardisation standardise(const Dataset& dataset, Standardise kind,
                            std::span<const std::uint32_t> training_rows);

}  // namespace titrate::data
