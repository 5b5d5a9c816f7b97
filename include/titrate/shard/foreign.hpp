// Anybody's HDF5 file, read with care: it may be damaged or made to do harm.
//
// HDF5 itself is asked for names, types, extents and stored bytes alone. What was compressed is unpacked
// here, into exactly the memory that the extents ask for, because the library trusts what a file says of
// itself there. Refused by name: links to elsewhere (soft, external, user-defined), virtual datasets,
// external storage, filters other than gzip, shuffle and fletcher32, types of variable length, chunks that
// were never written, and extents that claim much more than the file can hold.
//
// What stays with the library is the decoding of names, types and extents; and of attributes, which are
// looked at only where the user names one: HDF5 1.10.8 reads a few bytes past the end of some that were
// damaged on purpose.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "titrate/shard/element.hpp"

namespace titrate::shard {

// A dataset of such a file, read block by block: a block is some rows, all columns. Holds the file open.
// Cheap to copy.
class ForeignArray {
 public:
  struct Storage;
  explicit ForeignArray(std::shared_ptr<const Storage> storage) : storage_(std::move(storage)) {}

  const ElementType& type() const;
  const std::vector<std::uint64_t>& extent() const;  // at least one
  std::uint64_t rows() const { return extent()[0]; }
  std::uint64_t row_bytes() const;
  std::uint64_t block_rows() const;  // of every block but the last; at least 1

  // The elements of rows block * block_rows() and on, in the order of the last index. Thread-safe; HDF5's
  // lock is held while stored bytes are read, not while they are unpacked. Throws Error (integrity).
  std::vector<std::byte> read_block(std::uint64_t block) const;

  // All elements, one block after another.
  std::vector<std::byte> read_all() const;

 private:
  std::shared_ptr<const Storage> storage_;
};

class ForeignFile {
 public:
  // Throws Error (integrity) when the file is missing or is no HDF5 file, io when it cannot be read.
  explicit ForeignFile(const std::filesystem::path& path);

  // The datasets in the file and in its groups, one level down: "images", "train/images". Not those behind
  // links. The first thousand.
  std::vector<std::string> datasets() const;

  // Throws Error (integrity) for what the top of this page lists.
  ForeignArray array(const std::string& name) const;

  bool has_dataset(const std::string& name) const;

  // The texts of this dataset, or where there is none of this attribute of the file: one row or one value
  // each. Throws like array(), and when they are no texts of a fixed length.
  std::vector<std::string> texts(const std::string& name) const;

 private:
  std::filesystem::path path_;
  std::uint64_t bytes_ = 0;
};

// Fixed-length texts, one after another, without the zeros they are padded with.
std::vector<std::string> split_texts(const std::vector<std::byte>& bytes, std::size_t size);

}  // namespace titrate::shard
