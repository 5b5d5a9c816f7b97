// Who writes: the hands, and how a hand leads the pen for one glyph.
#pragma once

#include <cstdint>
#include <vector>

#include "glyph_pen.hpp"
#include "titrate/draw/glyph.hpp"

namespace titrate::draw {

enum class Manner : std::uint8_t {
  handwriting,
  sign,  // with more care, and no form that could be taken for another class
};

// A glyph before it has a place in a picture.
struct Writing {
  std::vector<PenKnot> knots;
  double pen = 0.0;  // radius of the pen as a share of the ink's box
  double roundness = 1.0;
};

// `request.index` names the image and its writer, as glyph.hpp says. Throws Error (usage) for an unknown
// class or a size too small.
Writing write_glyph(const GlyphRequest& request, Manner manner);

}  // namespace titrate::draw
