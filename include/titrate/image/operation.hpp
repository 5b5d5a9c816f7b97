// Image operations as data: a plain struct each, with a text form that recipes, shards and studies share.
//
//   "shift 2"            up to 2 pixels each way, in x and in y      "rotate 10"   up to 10 degrees each way
//   "zoom 0.9 1.1"       a factor between the two
//
// An operation with a range draws its value for each (seed, sample, epoch); operations of one list that move
// pixels are joined into one affine warp, so pixels are interpolated once.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "titrate/image/image.hpp"

namespace titrate::image {

struct Shift {
  double pixels = 0;
  bool operator==(const Shift&) const = default;
};
struct Rotate {
  double degrees = 0;
  bool operator==(const Rotate&) const = default;
};
struct Zoom {
  double low = 1, high = 1;
  bool operator==(const Zoom&) const = default;
};

using Operation = std::variant<Shift, Rotate, Zoom>;

// Throws Error (usage) that names `where` and what is wrong: an unknown name (with the nearest), a missing or
// extra number, a value out of range.
Operation parse_operation(std::string_view text, std::string_view where);
std::string to_text(const Operation& operation);

// Which draws an augmented picture is made with.
struct AugmentKey {
  std::uint64_t seed = 0;
  std::uint64_t sample = 0;  // the id of the picture that is made
  std::uint32_t epoch = 0;   // 0 when packing
};

// A changed copy of `view`, same shape; pixels from outside the picture are 0.
Image apply(std::span<const Operation> operations, const View& view, const AugmentKey& key);

}  // namespace titrate::image
