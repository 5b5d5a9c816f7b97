#include "scene_look.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace titrate::draw {
namespace {

constexpr double kGap = 0.34;  // in brightness between the sign and what surrounds it, before the light

bool chance(RandomStream& stream, double probability) { return stream.uniform() < probability; }

float number(RandomStream& stream, double low, double high) {
  return static_cast<float>(stream.uniform(low, high));
}

float brightness(const Colour& c) { return 0.299f * c[0] + 0.587f * c[1] + 0.114f * c[2]; }

// The colour of this hue (0 to 6: red, yellow, green, cyan, blue, magenta) and brightness; `vivid` is its
// distance from grey as a share of what that brightness allows.
Colour colour_of(double hue, double vivid, double bright) {
  const double turn = hue - 6.0 * std::floor(hue / 6.0);
  const auto channel = [](double v) { return static_cast<float>(std::clamp(v, 0.0, 1.0)); };
  const Colour pure{channel(std::abs(turn - 3.0) - 1.0), channel(2.0 - std::abs(turn - 2.0)),
                    channel(2.0 - std::abs(turn - 4.0))};
  const auto grey = static_cast<float>(bright);
  float most = 2.0f;
  for (const float c : pure) {
    const float off = c - brightness(pure);
    most = std::min(most, off > 0.0f ? (1.0f - grey) / off : off < 0.0f ? -grey / off : most);
  }
  const float share = static_cast<float>(vivid) * most;
  Colour colour{};
  for (std::size_t c = 0; c < 3; ++c) colour[c] = grey + share * (pure[c] - brightness(pure));
  return colour;
}

// A brightness from `low` to `high`, at least `gap` away from `other`; where there is none, the farther end.
double brightness_apart(double low, double high, double other, double gap, RandomStream& stream) {
  const double below = std::max(other - gap - low, 0.0), above = std::max(high - other - gap, 0.0);
  const double at = stream.uniform(0.0, below + above);
  if (below + above <= 0.0) return other - low > high - other ? low : high;
  return at < below ? low + at : high - (at - below);
}

}  // namespace

RandomStream stream_of(const GlyphRequest& request, ScenePart part) {
  return RandomStream(request.seed, Purpose::glyph_scene, request.index,
                      8 * request.glyph_class + static_cast<std::uint32_t>(part));
}

Pose draw_pose(RandomStream stream) {
  Pose pose;
  pose.half_tilt = stream.uniform(-0.20, 0.20);
  pose.shear = stream.uniform(-0.12, 0.12);
  pose.vanish.x = stream.uniform(-0.16, 0.16);
  pose.vanish.y = stream.uniform(-0.16, 0.16);
  pose.extent = stream.uniform(0.56, 0.84);
  pose.where.x = stream.uniform(0.1, 0.9);
  pose.where.y = stream.uniform(0.1, 0.9);
  return pose;
}

Finish draw_finish(RandomStream stream) {
  Finish finish;
  if (chance(stream, 0.28)) finish.plate = chance(stream, 0.5) ? Plate::disc : Plate::board;
  if (chance(stream, 0.4)) finish.outline = number(stream, 0.015, 0.035);
  if (chance(stream, 0.35)) {
    finish.bevel = number(stream, 0.02, 0.05);
    finish.relief = number(stream, 0.15, 0.45);
  } else if (chance(stream, 0.4)) {
    finish.wear = number(stream, 0.1, 0.45);
  }
  if (chance(stream, 0.5)) {
    finish.shadow = number(stream, 0.2, 0.5);
    finish.softness = number(stream, 0.015, 0.05);
    finish.height = number(stream, 0.02, 0.05);
  }
  return finish;
}

Colours draw_colours(Plate plate, RandomStream stream) {
  const auto hue = [&] { return stream.uniform(0.0, 6.0); };
  const auto any = [&](double bright) {
    const double of_hue = hue();
    return colour_of(of_hue, stream.uniform(0.25, 1.0), bright);
  };
  const bool dark = chance(stream, 0.5);
  const double fill = dark ? stream.uniform(0.08, 0.36) : stream.uniform(0.62, 0.94);
  const double contrast = stream.uniform(0.03, 0.11);  // half of what the tones of the ground differ by
  const double board = brightness_apart(0.06, 0.94, fill, kGap, stream);
  const double ground = plate != Plate::none ? brightness_apart(0.2, 0.8, board, 0.12, stream)
                                             : brightness_apart(0.06 + contrast, 0.94 - contrast, fill,
                                                                kGap + contrast, stream);
  // The second hue of the ground is near the first, or any.
  const double first = hue(), second = chance(stream, 0.6) ? first + stream.uniform(-0.5, 0.5) : hue();
  const double tint = stream.uniform(0.1, 0.9);
  const double edge = dark ? stream.uniform(0.75, 0.97) : stream.uniform(0.03, 0.25);

  Colours colours;
  colours.fill = any(fill);
  colours.plate = any(board);
  colours.outline = any(edge);
  colours.ground = {colour_of(first, tint, ground - contrast), colour_of(second, tint, ground + contrast)};
  return colours;
}

Light draw_light(RandomStream stream) {
  Light light;
  // From above, as a rule.
  const double down = chance(stream, 0.25) ? 1.0 : -1.0;
  light.toward = turned({0.0, down}, stream.uniform(-1.0, 1.0));
  light.peak = number(stream, 0.78, 1.06);
  light.fall = number(stream, 0.0, 0.38);
  light.vignette = number(stream, 0.0, 0.3);
  if (chance(stream, 0.3)) light.dapple = number(stream, 0.1, 0.3);
  light.dapple_features = number(stream, 1.5, 4.0);
  const float warmth = number(stream, -0.13, 0.13), green = number(stream, -0.03, 0.03);
  light.tint = {1.0f + warmth, 1.0f + green, 1.0f - warmth};
  return light;
}

Camera draw_camera(RandomStream stream) {
  Camera camera;
  camera.blur = number(stream, 0.0, 0.22);
  camera.noise = number(stream, 0.5, 5.0);
  return camera;
}

}  // namespace titrate::draw
