// NumPy's arrays: a folder of .npy files (X.npy, y.npy, ...), or one .npz file, as MedMNIST and Keras give
// them.
//
// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. Versions 1 to 3, in C
// order, least or most significant byte first. Nothing in a file is run: arrays of objects hold pickles, and
// are refused.
//
// Images are N x H x W or N x H x W x C (C is 1 or 3): uint8, another integer that holds 0 to 255, bool (0
// and 255), float32 or float64 (see the key `scale`). Labels are integers, N or N x 1, or texts, which are
// then the names of the classes. Pixels of .npy files are read from the file when they are asked for, those
// of .npz files are held in memory as bytes.
//
// Items: path is the name of the array, "X.npy" in a folder and "train_images" in a .npz file, row its index.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "titrate/shard/element.hpp"
#include "titrate/source/source.hpp"

namespace titrate::source {

struct NpyHeader {
  shard::ElementType type{};
  std::vector<std::uint64_t> extent{};  // empty: a single value
  std::uint64_t header_bytes = 0;       // where the elements begin
  std::uint64_t data_bytes = 0;         // of the elements
};

// Fills the span with the next bytes; fewer only at the end.
using ByteReader = std::function<std::size_t(std::span<std::byte>)>;

// Reads no further than the header. Throws Error (integrity) naming `where`: for all but the formats above,
// and for elements whose length 63 bits do not hold.
NpyHeader read_npy_header(const ByteReader& read, const std::string& where);

Kind npy_kind();

}  // namespace titrate::source
