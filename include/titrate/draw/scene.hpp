// Digits, capital letters and # as coloured signs on textured grounds, in changing light: the set
// "symbols-37".
//
// A scene is a pure function of (seed, class, index), the same bits on every machine. The sign is written by
// the hand that glyph.hpp gives to the index, with more care, turned by up to 25 degrees and seen a little
// from the side. It is painted flat, outlined, raised or worn, on stone, wood, cloth and so on or on a plate
// of one colour; light, shadow, blur and noise follow. The colours of the sign and of what surrounds it
// always differ in brightness, so that a person can read every scene.
#pragma once

#include "titrate/draw/glyph.hpp"
#include "titrate/image/image.hpp"

namespace titrate::draw {

// One size x size x 3 picture. Throws Error (usage) for an unknown class or a size under 8.
image::Image draw_scene(const GlyphRequest& request);

// Which pixels of that scene the sign covers: size x size x 1, 255 for all of it. Errors as draw_scene.
image::Image draw_scene_mask(const GlyphRequest& request);

}  // namespace titrate::draw
