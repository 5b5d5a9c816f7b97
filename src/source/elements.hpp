// Elements of arrays in other people's files as pixels and labels, each one checked; private to this module.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "titrate/shard/element.hpp"

namespace titrate::source {

// How elements become pixels. Integers are pixels as they are, bool becomes 0 and 255, and floating-point
// values are multiplied by `scale` and rounded.
struct PixelRule {
  shard::ElementType type{};
  double scale = 0;  // 0: none was given
};

// Throws Error naming `where`: integrity for what cannot be pixels, usage for a scale that is missing or has
// no use.
void check_rule(const PixelRule& rule, const std::string& where);

// raw.size() is out.size() elements. Throws Error (integrity) naming the element, counted from `first`, that
// is no number from 0 to 255.
void to_pixels(const PixelRule& rule, std::span<const std::byte> raw, std::span<std::uint8_t> out,
               const std::string& where, std::uint64_t first);

// Labels of an array: numbers, or texts in UTF-8.
struct LabelColumn {
  std::vector<std::int64_t> numbers{};
  std::vector<std::string> texts{};  // where there are any, `numbers` is empty

  std::size_t size() const { return texts.empty() ? numbers.size() : texts.size(); }
};

// Throws Error (integrity) for an extent that is not N, N x 1 or N x 1 x 1..., for elements that are neither
// integers nor texts, and for texts that are not Unicode.
void check_labels(const shard::ElementType& type, const std::vector<std::uint64_t>& extent,
                  const std::string& where);
LabelColumn to_labels(const shard::ElementType& type, std::span<const std::byte> raw,
                      const std::string& where);

}  // namespace titrate::source
