// From row numbers to the floats a network sees: gather, noise, normalise.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "titrate/data/catalog.hpp"
#include "titrate/image/noise.hpp"

namespace titrate::data {

// What happens to an image on its way into a batch.
struct Pipeline {
  image::Noise noise{};
  std::uint64_t seed = 0;           // of the noise
  std::vector<float> normalised{};  // [channel][level]: (level / 255 - mean) / deviation; see make_pipeline
};

// Normalises by the manifest's mean and deviation (a channel without deviation is only centred).
Pipeline make_pipeline(const shard::Manifest& manifest, const image::Noise& noise, std::uint64_t seed);

// Writes rows.size() x C x H x W floats to `images` and one class index each to `labels`.
void fill_batch(const Dataset& dataset, const Pipeline& pipeline, std::span<const std::uint32_t> rows,
                std::span<float> images, std::span<std::int64_t> labels);

}  // namespace titrate::data
