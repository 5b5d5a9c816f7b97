// dataset.h5: all shards of a dataset as one HDF5 file, for h5py and its kin. It holds no pixels: its
// datasets are views (HDF5's virtual datasets) of the shards beside it, in the order of the manifest.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "titrate/shard/manifest.hpp"

namespace titrate::shard {

// The bytes of that file: every column of format.hpp, besides `split` (enum uint8 {train 0, validation 1,
// test 2}), /sources and /operations. The shards lie in `folder`. Throws Error (integrity) when they are not
// what the manifest says.
std::vector<std::byte> build_virtual_dataset(const std::filesystem::path& folder, const Manifest& manifest);

}  // namespace titrate::shard
