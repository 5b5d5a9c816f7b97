// What a dataset holds, as text. Reads nothing: everything stands in the manifest.
#pragma once

#include <string>

#include "titrate/shard/manifest.hpp"

namespace titrate::prep {

std::uint64_t total_bytes(const shard::Manifest& manifest);  // of all shards

// One line per split: images by origin, shards, bytes; a last line with the total.
std::string splits_table(const shard::Manifest& manifest);

// Everything, for a reader: shape, fingerprint, statistics, sources, splits, images per class.
std::string describe(const shard::Manifest& manifest);

// The same as one JSON object: the manifest with "images" and "bytes" added.
std::string describe_json(const shard::Manifest& manifest);

}  // namespace titrate::prep
