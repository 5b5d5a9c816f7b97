// What the elements of an array in somebody else's file are: of a .npy file or of a dataset in HDF5.
#pragma once

#include <cstdint>
#include <string>

namespace titrate::shard {

enum class ElementKind : std::uint8_t {
  boolean,           // one byte, 0 or 1
  unsigned_integer,  // 1, 2, 4 or 8 bytes
  signed_integer,    // 1, 2, 4 or 8 bytes, two's complement
  floating,          // 2, 4 or 8 bytes, IEEE 754
  text,              // this many bytes, padded with zeros
  wide_text,         // this many bytes, four for each code point, padded with zeros
};

struct ElementType {
  ElementKind kind = ElementKind::unsigned_integer;
  std::uint32_t bytes = 1;
  bool big_endian = false;

  bool operator==(const ElementType&) const = default;
};

std::string to_string(const ElementType& type);  // "uint8", "float32 (big-endian)", "texts of 12 bytes"

}  // namespace titrate::shard
