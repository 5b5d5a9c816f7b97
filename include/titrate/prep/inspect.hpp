// What a dataset holds, as text.
#pragma once

#include <string>

#include "titrate/prep/contents.hpp"
#include "titrate/shard/manifest.hpp"

namespace titrate::prep {

std::uint64_t total_bytes(const shard::Manifest& manifest);  // of all shards

// One line per split: images by origin, shards, bytes; a last line with the total.
std::string splits_table(const shard::Manifest& manifest);

// Everything, for a reader: shape, fingerprint, statistics, imbalance, duplicates, leaks, sources, splits,
// and the images of each class with their mean level.
std::string describe(const shard::Manifest& manifest, const Contents& contents);

// The same as one JSON object: the manifest with "images", "bytes", "duplicates", "imbalance" and
// "brightness" added.
std::string describe_json(const shard::Manifest& manifest, const Contents& contents);

}  // namespace titrate::prep
