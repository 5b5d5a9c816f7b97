// IDX, the format of MNIST and its kin: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-..., plain or
// compressed by gzip (told by content, not by name), also under the names with a dot
// (train-images.idx3-ubyte).
//
// Format: http://yann.lecun.com/exdb/mnist. Two zero bytes, the element type (8: unsigned byte), the number
// of dimensions, each dimension as four bytes, most significant first, then the elements, last index fastest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "titrate/source/source.hpp"

namespace titrate::source {

struct IdxArray {
  std::vector<std::uint32_t> extent{};
  std::vector<std::uint8_t> values{};
};

// Reads a file of unsigned bytes with this many dimensions. Every byte of the header and the length of the
// file are checked. Throws Error (integrity) with the offset, what was expected there and what was found.
IdxArray read_idx(const std::filesystem::path& path, std::uint32_t dimensions);

// The file sets in the folder of the source: train, val where it is there, and t10k; or only the one that
// `split` names. Classes are
// those of the recipe, else "0" to "9".
Kind idx_kind();

}  // namespace titrate::source
