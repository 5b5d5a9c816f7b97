// Reading a dataset back, whole, and recomputing everything that its manifest says of it.
#pragma once

#include <filesystem>

#include "titrate/shard/manifest.hpp"

namespace titrate::prep {

// Size and SHA-256 of every shard, its columns, content hashes, ids that are unique, families on one side of
// the splits, parents, counts, mean, deviation and fingerprint. Returns the manifest. Throws Error
// (integrity) that names the first file which differs; usage when there is no dataset in `folder`.
shard::Manifest verify(const std::filesystem::path& folder);

}  // namespace titrate::prep
