// Files of arrays made for tests, byte by byte.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace titrate {

inline std::string little_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

inline std::string npy_bytes(const std::string& dictionary, const std::string& values, char version = 1) {
  return std::string("\x93NUMPY") + version + '\0' + little_endian(dictionary.size(), version == 1 ? 2 : 4) +
         dictionary + values;
}

inline std::string npy_dictionary(const std::string& descr, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" + shape + "), }\n";
}

inline std::string npy_array(const std::string& descr, const std::string& shape, const std::string& values) {
  return npy_bytes(npy_dictionary(descr, shape), values);
}

inline void put_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

// Value j of array `salt`; different for every one.
inline std::string made_bytes(std::size_t count, unsigned salt = 0) {
  std::string text;
  for (std::size_t j = 0; j < count; ++j) {
    text += static_cast<char>((j * 40503u + salt * 2654435761u + (j >> 3)) >> 3 & 0xff);
  }
  return text;
}

}  // namespace titrate
