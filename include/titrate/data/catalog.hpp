// A dataset in memory: one table of all its rows, and their pixels.
//
// Both lie in one block of memory that the ranks of a node share: one rank fills it (load_dataset), every
// rank looks at it (Dataset). The block's layout is a function of the manifest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

#include "titrate/image/image.hpp"
#include "titrate/shard/format.hpp"
#include "titrate/shard/manifest.hpp"

namespace titrate::data {

using shard::Origin;
using shard::Split;

// Columns over the rows of all shards, in the manifest's order. Views: the block outlives them.
struct Catalog {
  std::span<const std::uint64_t> sample_id;
  std::span<const std::uint64_t> parent_id;
  std::span<const std::uint64_t> family_id;
  std::span<const std::int32_t> label;
  std::span<const Origin> origin;
  std::span<const Split> split;
  std::uint32_t classes = 0;

  std::size_t rows() const { return label.size(); }
};

class Dataset {
 public:
  // `block` was filled by load_dataset for the same manifest. Both are kept by view or copy as their types
  // say.
  Dataset(shard::Manifest manifest, std::span<const std::byte> block);

  const shard::Manifest& manifest() const { return manifest_; }
  const Catalog& catalog() const { return catalog_; }
  const image::Shape& shape() const { return manifest_.shape; }

  std::span<const std::uint8_t> pixels(std::uint32_t row) const {  // H x W x C
    return pixels_.subspan(row * manifest_.shape.bytes(), manifest_.shape.bytes());
  }

  // Rows of one split and origin and class, ascending.
  std::span<const std::uint32_t> rows_of(Split split, Origin origin, std::uint32_t label) const;
  // Rows of one split, ascending, whatever their origin.
  std::vector<std::uint32_t> rows_of(Split split) const;
  std::uint32_t count(Split split, Origin origin) const;

 private:
  std::size_t slot(Split split, Origin origin, std::uint32_t label) const;

  shard::Manifest manifest_;
  Catalog catalog_;
  std::span<const std::uint8_t> pixels_;
  std::vector<std::vector<std::uint32_t>> index_;  // by slot()
};

// Bytes of the block.
std::size_t dataset_bytes(const shard::Manifest& manifest);

// Reads and checks every shard into `block` (dataset_bytes() long, 64-byte aligned), and calls `on_shard`
// after each. Throws Error (integrity, io).
void load_dataset(
    const std::filesystem::path& folder, const shard::Manifest& manifest, std::span<std::byte> block,
    const std::function<void()>& on_shard = [] {});

}  // namespace titrate::data
