// How a dataset of somebody else's HDF5 file is stored, after every claim about it was checked; private to
// this module.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chunk_codec.hpp"
#include "hdf5.hpp"
#include "titrate/core/byte_file.hpp"
#include "titrate/shard/foreign.hpp"

namespace titrate::shard {

// Extents of chunks, and the filters they went through.
struct Chunking {
  std::vector<std::uint64_t> extent{};
  std::uint64_t bytes = 0;  // of a chunk, unpacked
  hdf5::Pipeline pipeline{};
};

struct ForeignArray::Storage {
  Storage() = default;
  Storage(Storage&&) = delete;
  ~Storage();  // HDF5's handles are closed under its lock

  std::vector<std::byte> read_span(std::uint64_t first_byte, std::uint64_t count) const;
  std::vector<std::byte> read_chunk(const std::vector<std::uint64_t>& at, const std::string& name) const;
  std::vector<std::byte> read_chunks(std::uint64_t block, std::uint64_t rows) const;

  std::string where{};  // "data.h5: images"
  ElementType type{};
  std::vector<std::uint64_t> extent{};
  std::uint64_t bytes = 0;      // of all elements
  std::uint64_t row_bytes = 0;  // 0 where there are no rows
  std::uint64_t block_rows = 1;
  std::uint64_t file_bytes = 0;

  // One of the three holds the elements.
  std::optional<Chunking> chunking{};
  std::optional<std::uint64_t> offset{};  // in the file
  std::vector<std::byte> compact{};

  std::optional<ByteFile> plain_file{};  // for elements at an offset
  std::optional<hdf5::Handle> file{};
  std::optional<hdf5::Handle> set{};  // for chunks
};

// The product of the extents and `element`; nothing where 64 bits do not hold it.
std::optional<std::uint64_t> product(const std::vector<std::uint64_t>& extent, std::uint64_t element);

// Fills in everything but the files. `set` is an open dataset of the file.
void examine(const hdf5::Library& library, hid_t set, const std::string& name,
             ForeignArray::Storage& storage);

// Throws Error (integrity) unless these are plain numbers or texts of fixed length.
ElementType examine_type(const hdf5::Library& library, hid_t type, const std::string& name);

}  // namespace titrate::shard
