// The shapes of the digits, the capital letters and #, as we write them: the strokes of a pen through knots.
//
// Drawn by hand for titrate from how they are taught and written; no dataset was traced. Coordinates are
// hundredths of the height of a glyph: x to the right, y down, top at 0 and bottom at 100. A smooth curve
// (cubic Beziers) goes through the knots of a stroke; at a corner it breaks.
#pragma once

#include <cstdint>
#include <span>

namespace titrate::draw {

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

// One way of writing a glyph, and how many people write so, relative to its other styles.
struct Style {
  double weight = 1.0;
  std::span<const Knot> knots;
};

inline constexpr std::uint32_t kDigits = 10, kLetters = 26;
inline constexpr std::uint32_t kGlyphs = kDigits + kLetters + 1;  // and #

// Every list has a style and every style begins with a start.
std::span<const Style> digit_styles(std::uint32_t digit);    // `digit` < kDigits
std::span<const Style> letter_styles(std::uint32_t letter);  // A is 0, # is kLetters

// By class: the digits, the letters, #.
inline std::span<const Style> glyph_styles(std::uint32_t glyph) {
  return glyph < kDigits ? digit_styles(glyph) : letter_styles(glyph - kDigits);
}

// The same, but where digits and letters stand side by side: a 0 that is no O, a 1 that is no I, a 2 that is
// no Z, a 4 that is no Y, a 5 that is no S, a 7 with a corner.
std::span<const Style> sign_styles(std::uint32_t glyph);

}  // namespace titrate::draw
