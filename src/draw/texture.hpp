// Grounds for scenes: stone, wood, cloth and the like, made of arithmetic alone.
//
// Coordinates run from 0 to 1 over the picture, so a larger picture shows the same ground. Only + - * / and
// sqrt act on them: the same bits on every machine.
#pragma once

#include <cstdint>
#include <vector>

#include "titrate/core/random.hpp"

namespace titrate::draw {

// Smooth noise between 0 and 1 with a feature per unit, from one fixed tile that repeats after 64. x and y
// from 0 to a million.
float value_noise(float x, float y);

// The tones of a ground, 0 (one colour) to 1 (the other), row by row. The stream decides its kind, its scale
// and how it lies.
std::vector<float> draw_texture(std::uint32_t size, RandomStream stream);

}  // namespace titrate::draw
