#include "titrate/core/npy_header.hpp"

namespace titrate {

std::string npy_header(std::string_view type, std::span<const std::uint64_t> shape) {
  std::string extent;
  for (const std::uint64_t length : shape) extent += std::to_string(length) + ", ";
  if (shape.size() > 1) extent.resize(extent.size() - 2);
  if (shape.size() == 1) extent.resize(extent.size() - 1);
  std::string text =
      "{'descr': " + std::string(type) + ", 'fortran_order': False, 'shape': (" + extent + "), }";
  constexpr std::size_t kBefore = 10, kAlignment = 64;  // magic, version, length
  text.append((kAlignment - (kBefore + text.size() + 1) % kAlignment) % kAlignment, ' ');
  text += '\n';
  const char length[] = {static_cast<char>(text.size() & 0xFF), static_cast<char>(text.size() >> 8)};
  return std::string("\x93NUMPY\x01\x00", 8) + std::string(length, 2) + text;
}

}  // namespace titrate
