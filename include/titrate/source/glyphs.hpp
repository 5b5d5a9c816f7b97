// Digits that titrate draws itself (image/glyph) as a source: for who has no data, and as a first generator.
#pragma once

#include <memory>

#include "titrate/source/source.hpp"

namespace titrate::source {

// settings.per_class images of each class, class after class for each index, so that every stretch of them is
// balanced. Classes are settings.classes, each one of image::glyph_classes(), else all of them. An image is
// drawn when it is read. Throws Error (usage) for an unknown class or a size that cannot be drawn.
std::unique_ptr<Source> open_glyphs(const SourceSettings& settings);

}  // namespace titrate::source
