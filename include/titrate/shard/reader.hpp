// Reading shards: the bytes are checked against the manifest's SHA-256 first, and only then given to HDF5.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "titrate/shard/format.hpp"
#include "titrate/shard/manifest.hpp"

namespace titrate::shard {

// A verified shard in memory. The pixels are a view into the file's own bytes (the dataset is contiguous), so
// a dataset costs one read and no copy. Owns the bytes that it reads.
class Shard {
 public:
  // Reads `folder`/`file.name`. Throws Error (integrity) naming the file when it is missing, or has another
  // size or hash than the manifest says, or belongs to another dataset, split or place, or its columns do not
  // agree.
  Shard(const std::filesystem::path& folder, const Manifest& manifest, const ShardFile& file);

  // The same of bytes that somebody else owns, for at least as long, and has checked: of
  // `folder`/`file.name`, which need not be there.
  Shard(std::span<std::byte> bytes, const std::filesystem::path& folder, const Manifest& manifest,
        const ShardFile& file);

  const std::vector<Row>& rows() const { return content_.rows; }
  const ShardContent& content() const { return content_; }          // its `images` is empty; see pixels()
  std::span<const std::uint8_t> pixels() const { return pixels_; }  // rows x H x W x C

 private:
  void parse(std::span<std::byte> bytes, const std::string& where, const Manifest& manifest,
             const ShardFile& file);

  std::vector<std::byte> bytes_;  // empty: somebody else's
  ShardContent content_;
  std::span<const std::uint8_t> pixels_;
};

}  // namespace titrate::shard
