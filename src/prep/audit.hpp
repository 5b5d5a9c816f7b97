// What the shards of a dataset say, recomputed from what the disk gives back. Packing writes a manifest from
// it, verify() holds a manifest against it. Private to this module.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "statistics.hpp"
#include "titrate/shard/manifest.hpp"
#include "titrate/shard/reader.hpp"

namespace titrate::prep {

// What is kept of one row.
struct RowFacts {
  std::uint64_t sample_id, parent_id, family_id, content_hash;
  std::int32_t label;
  shard::Origin origin;
};

struct ShardFacts {
  shard::Split split = shard::Split::train;
  std::vector<RowFacts> rows{};
  std::vector<shard::Fingerprint::RowPrint> prints{};
  PixelSums sums;  // of real training images
};

// Reads a shard back: size, SHA-256 and columns as shard::Shard checks them, every pixel against its content
// hash, origins against their sources. Throws Error (integrity) that names file and row.
ShardFacts audit_shard(const std::filesystem::path& folder, const shard::Manifest& manifest,
                       const shard::ShardFile& file);

// The same of a shard in memory; `where` is what messages call it.
ShardFacts audit_shard(const shard::Shard& shard, const std::string& where, const shard::Manifest& manifest);

// Everything that a manifest says of its shards but their files.
struct Facts {
  std::vector<double> mean{}, deviation{};
  std::string fingerprint{};
  std::vector<shard::SplitCounts> splits{};
  shard::Leaks leaks{};
  std::array<std::uint64_t, 3> same_image{};  // leaks.same_image by split
};

// `shards` are those of manifest.shards, in order. Throws Error (integrity) when ids are not unique or
// children do not agree with their parents.
Facts audit(const std::filesystem::path& folder, const shard::Manifest& manifest,
            std::span<const ShardFacts> shards);

// "a test image (source a: x.png) is the same as a training image (source b: y.png)": the first pair of them.
// Only where there is one.
std::string first_leak(const std::filesystem::path& folder, const shard::Manifest& manifest,
                       std::span<const ShardFacts> shards);

// Throws Error (integrity): where a dataset is not what was packed.
[[noreturn]] void refuse_damaged(const std::filesystem::path& where, const std::string& what,
                                 const std::string& expected = "", const std::string& got = "");

}  // namespace titrate::prep
