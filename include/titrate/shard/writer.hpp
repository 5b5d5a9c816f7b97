// Building shards: the whole HDF5 file is made in memory, so that a full disk can never leave half of one.
//
// The bytes are a function of the content alone: no times, no addresses, no thread. Whoever calls writes them
// (core/file) and keeps their SHA-256 in the manifest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "titrate/core/large_memory.hpp"
#include "titrate/shard/format.hpp"

namespace titrate::shard {

// The bytes of one HDF5 file. Throws Error: internal when the parts of `content` do not agree (pixels,
// labels, rows of /sources and /operations), failed when HDF5 refuses.
std::vector<std::byte> build_shard(const ShardContent& content);

// A shard of which everything is known but the pixels and what follows from them. Its file is made at once,
// and pixels are put where they stay: the same bytes as those of build_shard(), with one copy less.
class ShardDraft {
 public:
  // `content` has its rows, but for content_hash and family_id, and no images. `memory` is used again,
  // whatever it holds. Throws like build_shard().
  explicit ShardDraft(const ShardContent& content, LargeBytes memory = {});

  std::span<std::uint8_t> pixels();  // rows x H x W x C, zeros; good until finish()

  // `rows` are those of the content, now whole.
  LargeBytes finish(std::span<const Row> rows);

 private:
  LargeBytes bytes_;
  std::size_t pixels_ = 0, content_hashes_ = 0, family_ids_ = 0;  // where in the file
  std::size_t size_ = 0;                                          // of the pixels
};

}  // namespace titrate::shard
