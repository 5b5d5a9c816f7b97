// Characters that titrate draws itself (image/glyph, image/scene) as a source: for who has no data, and as a
// first generator.
#pragma once

#include "titrate/source/source.hpp"

namespace titrate::source {

// per_class images of each class, class after class for each index, so that every stretch of them is balanced
// as far as their numbers go. An image is drawn when it is read.
Kind glyphs_kind();

}  // namespace titrate::source
