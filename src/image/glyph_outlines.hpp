// The shapes of the ten digits, as we write them: the strokes of a pen through knots.
//
// Drawn by hand for titrate from how the digits are taught and written; no dataset was traced. Coordinates
// are hundredths of the height of a digit: x to the right, y down, top at 0 and bottom at 100. A smooth curve
// (cubic Beziers) goes through the knots of a stroke; at a corner it breaks.
#pragma once

#include <cstdint>
#include <span>

namespace titrate::image {

enum class Join : std::uint8_t {
  smooth,
  corner,
  start,  // the pen comes down: a new stroke begins here
};

struct Knot {
  std::int8_t x = 0;
  std::int8_t y = 0;
  Join join = Join::smooth;
};

// One way of writing a digit, and how many people write so, relative to its other styles.
struct Style {
  double weight = 1.0;
  std::span<const Knot> knots;
};

inline constexpr std::uint32_t kDigits = 10;

// `digit` < kDigits. Every list has a style and every style begins with a start.
std::span<const Style> digit_styles(std::uint32_t digit);

}  // namespace titrate::image
