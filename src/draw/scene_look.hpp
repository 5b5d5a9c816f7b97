// What a scene looks like, as drawn from its streams: where the sign stands, its colours, how it is made, the
// light and the camera. scene.cpp paints it.
//
// Widths and lengths are shares of the side of the picture; colours run from 0 to 1.
#pragma once

#include <array>
#include <cstdint>

#include "glyph_pen.hpp"
#include "titrate/core/random.hpp"
#include "titrate/draw/glyph.hpp"

namespace titrate::draw {

using Colour = std::array<float, 3>;

// What a stream of a scene is for.
enum class ScenePart : std::uint32_t { pose, ground, colours, finish, light, camera, sensor };

RandomStream stream_of(const GlyphRequest& request, ScenePart part);

// How the sign lies in the picture.
struct Pose {
  double half_tilt = 0.0;  // tangent of half the angle: 0.22 is 25 degrees
  double shear = 0.0;
  Point vanish;         // perspective: how much nearer a unit to the right and a unit down are
  double extent = 0.0;  // the sign's longer side
  Point where;          // 0 to 1 in the room that the sign leaves
};

Pose draw_pose(RandomStream stream);

enum class Plate : std::uint8_t { none, disc, board };

struct Finish {
  Plate plate = Plate::none;
  float outline = 0.0f;   // width
  float bevel = 0.0f;     // width
  float relief = 0.0f;    // how much the sides of the bevel differ
  float wear = 0.0f;      // how much of the ground shows through where paint is gone
  float shadow = 0.0f;    // how dark
  float softness = 0.0f;  // width of the shadow's edge
  float height = 0.0f;    // how far the shadow falls
};

Finish draw_finish(RandomStream stream);

// A brightness is 0.299 red + 0.587 green + 0.114 blue.
struct Colours {
  Colour fill{};
  std::array<Colour, 2> ground{};
  Colour plate{};
  Colour outline{};
};

// The fill differs in brightness from the plate, and from both colours of the ground where there is no plate.
Colours draw_colours(Plate plate, RandomStream stream);

struct Light {
  Point toward;       // a unit vector from the sign to the light
  float peak = 1.0f;  // what white reaches at most
  float fall = 0.0f;  // how much darker the far side is
  float vignette = 0.0f;
  float dapple = 0.0f;  // how dark the shade of what stands between
  float dapple_features = 1.0f;
  Colour tint{1.0f, 1.0f, 1.0f};
};

Light draw_light(RandomStream stream);

struct Camera {
  float blur = 0.0f;   // weight of the pixels to the left and right, above and below
  float noise = 0.0f;  // standard deviation, in levels of 255
};

Camera draw_camera(RandomStream stream);

}  // namespace titrate::draw
