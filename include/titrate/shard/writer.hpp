// Building shards: the whole HDF5 file is made in memory, so that a full disk can never leave half of one.
//
// The bytes are a function of the content alone: no times, no addresses, no thread. Whoever calls writes them
// (core/file) and keeps their SHA-256 in the manifest.
#pragma once

#include <cstddef>
#include <vector>

#include "titrate/shard/format.hpp"

namespace titrate::shard {

// The bytes of one HDF5 file. Throws Error: internal when the parts of `content` do not agree (pixels,
// labels, rows of /sources and /operations), failed when HDF5 refuses.
std::vector<std::byte> build_shard(const ShardContent& content);

}  // namespace titrate::shard
