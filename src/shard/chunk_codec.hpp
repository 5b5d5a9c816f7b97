// Unpacks what HDF5's filters packed, into exactly as many bytes as there must be; private to this module.
//
// HDF5's own filters grow their output for as long as the input asks for it, and hand on a chunk that is
// shorter than it should be: neither may meet a file that somebody made to do harm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace titrate::shard::hdf5 {

enum class Filter { gzip, shuffle, fletcher32 };

// The filters of a dataset in the order in which they were applied.
struct Pipeline {
  std::vector<Filter> filters{};
  std::size_t element_bytes = 1;  // what shuffle works on
};

// Bit i of `skipped` is set where filter i was not applied to this chunk. Throws Error (integrity) that
// begins with `where` unless the chunk unpacks to `bytes` bytes and agrees with its checksum.
std::vector<std::byte> unpack_chunk(std::vector<std::byte> stored, const Pipeline& pipeline,
                                    std::uint32_t skipped, std::size_t bytes, const std::string& where);

}  // namespace titrate::shard::hdf5
