// An HDF5 file that is made in memory. Its bytes are a function of what is put into it: no times, no
// addresses. Private to this module.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hdf5.hpp"
#include "titrate/core/large_memory.hpp"

namespace titrate::shard::hdf5 {

class MemoryFile {
 public:
  // `memory` is used again, whatever it holds and however much it is.
  MemoryFile(const Library& library, std::size_t expected_bytes, LargeBytes memory = {});
  MemoryFile(MemoryFile&&) = delete;  // HDF5 keeps its address

  // These return where in the file the values are. Without `values` they are left to be put there later.
  template <class Value>
  std::size_t column(const char* name, hid_t file_type, hid_t memory_type, const std::vector<Value>& values) {
    return dataset(name, file_type, memory_type, {values.size()}, values.data());
  }
  std::size_t dataset(const char* name, hid_t file_type, hid_t memory_type,
                      const std::vector<hsize_t>& extent, const void* values);
  void strings(const char* name, const std::vector<std::string>& values);
  void strings(const char* name, const std::vector<std::string_view>& values);
  void attribute(const char* name, std::uint32_t value);
  void attribute(const char* name, const std::vector<std::string>& values, bool scalar);

  // Rows that lie in datasets of the same name in other files, one file after another. `row` is the extent of
  // one.
  struct Piece {
    std::string file;
    hsize_t rows;
  };
  void virtual_dataset(const char* name, hid_t type, const std::vector<hsize_t>& row,
                       const std::vector<Piece>& pieces);

  LargeBytes take();
  std::vector<std::byte> finish();  // the same, copied

 private:
  Handle open_file();

  const Library& library_;
  LargeBytes bytes_;
  Handle file_;
};

}  // namespace titrate::shard::hdf5
