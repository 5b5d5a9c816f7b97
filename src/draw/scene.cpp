#include "titrate/draw/scene.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "glyph_pen.hpp"
#include "glyph_writer.hpp"
#include "scene_look.hpp"
#include "texture.hpp"

// Only + - * / and sqrt act on coordinates and colours, so a picture has the same bits on every machine.

namespace titrate::draw {
namespace {

constexpr double kEdge =
    0.04;  // what the sign leaves free at the edge of the picture, as a share of the side

// The sign in the picture; all in pixels.
struct Sign {
  std::vector<Segment> segments;
  double radius = 0.0;     // of the pen
  Point centre;            // of its box
  double half_tilt = 0.0;  // how a board behind it is turned
};

Point seen(Point p, const Pose& pose, double& pressure) {
  const Point q = turned({p.x + pose.shear * p.y, p.y}, pose.half_tilt);
  const double nearness = 1.0 / (1.0 - pose.vanish.x * q.x - pose.vanish.y * q.y);
  pressure *= nearness;
  return nearness * q;
}

Sign place_sign(const GlyphRequest& request) {
  const Writing writing = write_glyph(request, Manner::sign);
  const Pose pose = draw_pose(stream_of(request, ScenePart::pose));
  const double size = request.size, extent = pose.extent * size;
  Sign sign;
  sign.half_tilt = pose.half_tilt;
  sign.radius = std::clamp(1.3 * writing.pen, 0.05, 0.08) * extent;
  sign.segments = strokes(writing.knots, writing.roundness, std::clamp(request.size / 10, 4u, 24u));
  for (Segment& segment : sign.segments) {
    segment.a = seen(segment.a, pose, segment.pressure_a);
    segment.b = seen(segment.b, pose, segment.pressure_b);
  }

  const Box ink = bounds(sign.segments);
  const Point sides = ink.high - ink.low;
  const double scale = (extent - 2.0 * sign.radius) / std::max(sides.x, sides.y);
  const double edge = 1.2 * sign.radius + kEdge * size;  // the nearer side is wider
  const Point room = Point{size - 2.0 * edge, size - 2.0 * edge} - scale * sides;
  const Point corner{edge + pose.where.x * room.x, edge + pose.where.y * room.y};
  for (Segment& segment : sign.segments) {
    segment.a = corner + scale * (segment.a - ink.low);
    segment.b = corner + scale * (segment.b - ink.low);
  }
  sign.centre = corner + (0.5 * scale) * sides;
  return sign;
}

float unit(float v) { return std::min(std::max(v, 0.0f), 1.0f); }

// How much of a pixel is covered by what lies `depth` pixels inside an edge that is `width` pixels soft.
float coverage(float depth, float width = 1.0f) { return unit(depth / width + 0.5f); }

// How deep in the ink each pixel lies, in pixels.
class Ink {
 public:
  Ink(const Sign& sign, std::uint32_t size, float margin)
      : size_(static_cast<std::ptrdiff_t>(size)),
        outside_(-margin),
        depth_(rough_ink_depth(sign.segments, static_cast<float>(sign.radius), size, margin)) {}

  float depth(std::ptrdiff_t x, std::ptrdiff_t y) const {
    const bool within = x >= 0 && y >= 0 && x < size_ && y < size_;
    return within ? depth_[static_cast<std::size_t>(y * size_ + x)] : outside_;
  }

 private:
  std::ptrdiff_t size_;
  float outside_;
  std::vector<float> depth_;
};

// A picture being painted: a plane of numbers for each of red, green and blue.
struct Canvas {
  explicit Canvas(std::uint32_t size) : size(size) {
    for (std::vector<float>& plane : planes) plane.resize(std::size_t{size} * size);
  }

  void lay(std::size_t pixel, const Colour& colour, float share) {
    for (std::size_t c = 0; c < 3; ++c) {
      float& value = planes[c][pixel];
      value += share * (colour[c] - value);
    }
  }

  void dim(std::size_t pixel, float factor) {
    for (std::vector<float>& plane : planes) plane[pixel] *= factor;
  }

  std::uint32_t size;
  std::array<std::vector<float>, 3> planes;
};

void paint_ground(const GlyphRequest& request, const Colours& colours, Canvas& canvas) {
  const std::vector<float> tones = draw_texture(request.size, stream_of(request, ScenePart::ground));
  for (std::size_t c = 0; c < 3; ++c) {
    const float first = colours.ground[0][c], step = colours.ground[1][c] - first;
    for (std::size_t i = 0; i < tones.size(); ++i) canvas.planes[c][i] = first + step * tones[i];
  }
}

// A disc or a board just large enough for the sign.
void paint_plate(const Sign& sign, Plate plate, const Colour& colour, Canvas& canvas) {
  Point half;
  for (const Segment& segment : sign.segments) {
    const Point p = turned(segment.b - sign.centre, -sign.half_tilt);
    half = {std::max(half.x, std::abs(p.x)), std::max(half.y, std::abs(p.y))};
    if (plate == Plate::disc) half.x = std::max(half.x, length(p));
  }
  const double rim = 0.09 * canvas.size;
  half = half + Point{sign.radius + rim, sign.radius + rim};
  const Point right = turned({1.0, 0.0}, -sign.half_tilt);
  for (std::uint32_t y = 0; y < canvas.size; ++y) {
    const Point row = turned(Point{0.5, y + 0.5} - sign.centre, -sign.half_tilt);
    for (std::uint32_t x = 0; x < canvas.size; ++x) {
      const Point p = row + static_cast<double>(x) * right;
      const double off = plate == Plate::disc ? length(p) - half.x
                                              : std::max(std::abs(p.x) - half.x, std::abs(p.y) - half.y);
      canvas.lay(std::size_t{y} * canvas.size + x, colour, coverage(static_cast<float>(-off)));
    }
  }
}

// How much brighter (above 0) or darker the side of a bevel is.
float relief(const Ink& ink, std::ptrdiff_t x, std::ptrdiff_t y, const Point& toward) {
  const float right = 0.5f * (ink.depth(x + 1, y) - ink.depth(x - 1, y));
  const float down = 0.5f * (ink.depth(x, y + 1) - ink.depth(x, y - 1));
  return -(right * static_cast<float>(toward.x) + down * static_cast<float>(toward.y));
}

struct Paint {
  const Ink& ink;
  const Colours& colours;
  const Finish& finish;  // its lengths in pixels
  Point toward;          // to the light
};

// The sign's own depths, moved away from the light by whole pixels.
void paint_shadow(const Paint& paint, Canvas& canvas) {
  const auto size = static_cast<std::ptrdiff_t>(canvas.size);
  const auto shift = [&](double v) {
    return static_cast<std::ptrdiff_t>(std::floor(v * static_cast<double>(paint.finish.height) + 0.5));
  };
  const std::ptrdiff_t dx = shift(paint.toward.x), dy = shift(paint.toward.y);
  for (std::ptrdiff_t y = 0; y < size; ++y) {
    for (std::ptrdiff_t x = 0; x < size; ++x) {
      const float dark = coverage(paint.ink.depth(x + dx, y + dy), paint.finish.softness);
      canvas.dim(static_cast<std::size_t>(y * size + x), 1.0f - paint.finish.shadow * dark);
    }
  }
}

void paint_sign(const Paint& paint, Canvas& canvas) {
  const auto size = static_cast<std::ptrdiff_t>(canvas.size);
  const Finish& finish = paint.finish;
  const float grain = 24.0f / static_cast<float>(canvas.size);
  for (std::ptrdiff_t y = 0; y < size; ++y) {
    for (std::ptrdiff_t x = 0; x < size; ++x) {
      const float depth = paint.ink.depth(x, y);
      if (depth < -finish.outline - 1.0f) continue;
      const auto pixel = static_cast<std::size_t>(y * size + x);
      if (finish.outline > 0.0f) canvas.lay(pixel, paint.colours.outline, coverage(depth + finish.outline));
      if (depth < -1.0f) continue;
      float opaque = 1.0f;
      if (finish.wear > 0.0f) {
        const float scratch =
            value_noise(grain * static_cast<float>(x) + 9.0f, grain * static_cast<float>(y) + 40.0f);
        opaque -= finish.wear * unit(4.0f * scratch - 2.2f);
      }
      Colour fill = paint.colours.fill;
      if (finish.relief > 0.0f) {
        const float side =
            finish.relief * unit(1.3f - depth / finish.bevel) * relief(paint.ink, x, y, paint.toward);
        for (float& c : fill) c += side > 0.0f ? side * (1.0f - c) : side * c;
      }
      canvas.lay(pixel, fill, coverage(depth) * opaque);
    }
  }
}

// The soft shade of what stands between the light and the scene.
void shade(const Light& light, Canvas& canvas) {
  const float step = light.dapple_features / static_cast<float>(canvas.size);
  const auto x0 = static_cast<float>(light.toward.x) + 3.0f, y0 = static_cast<float>(light.toward.y) + 9.0f;
  for (std::uint32_t y = 0; y < canvas.size; ++y) {
    for (std::uint32_t x = 0; x < canvas.size; ++x) {
      const float leaf = value_noise(x0 + step * static_cast<float>(x), y0 + step * static_cast<float>(y));
      canvas.dim(std::size_t{y} * canvas.size + x, 1.0f - light.dapple * unit(4.0f * leaf - 1.5f));
    }
  }
}

// Level and tint of the light, falling off away from it and towards the corners.
void shine(const Light& light, Canvas& canvas) {
  const auto size = static_cast<std::ptrdiff_t>(canvas.size);
  const float step = 2.0f / static_cast<float>(size), half = 0.5f * light.vignette;
  const auto toward_x = 0.36f * static_cast<float>(light.toward.x);
  const auto toward_y = 0.36f * static_cast<float>(light.toward.y);
  std::vector<float> level(canvas.size);
  for (std::ptrdiff_t y = 0; y < size; ++y) {
    const float v = step * (static_cast<float>(y) + 0.5f) - 1.0f;
    for (std::ptrdiff_t x = 0; x < size; ++x) {
      const float u = step * (static_cast<float>(x) + 0.5f) - 1.0f;
      const float far = 0.5f - (u * toward_x + v * toward_y);
      level[static_cast<std::size_t>(x)] =
          light.peak * (1.0f - light.fall * far) * (1.0f - half * (u * u + v * v));
    }
    for (std::size_t c = 0; c < 3; ++c) {
      float* row = &canvas.planes[c][static_cast<std::size_t>(y * size)];
      const float tint = light.tint[c];
      for (std::size_t x = 0; x < canvas.size; ++x) row[x] *= level[x] * tint;
    }
  }
}

// Mixes `share` of both neighbours, across and down, into every number; the edges repeat.
void blur(float share, Canvas& canvas) {
  const std::size_t size = canvas.size;
  std::vector<float> above(size), here(size), line(size + 2);
  for (std::vector<float>& plane : canvas.planes) {
    for (std::size_t y = 0; y < size; ++y) {
      float* row = &plane[y * size];
      std::copy(row, row + size, line.begin() + 1);
      line.front() = row[0];
      line.back() = row[size - 1];
      for (std::size_t x = 0; x < size; ++x) {
        row[x] = line[x + 1] + share * (line[x] + line[x + 2] - 2.0f * line[x + 1]);
      }
    }
    std::copy(plane.begin(), plane.begin() + static_cast<std::ptrdiff_t>(size), above.begin());
    for (std::size_t y = 0; y < size; ++y) {
      float* row = &plane[y * size];
      std::copy(row, row + size, here.begin());
      const float* below = y + 1 < size ? row + size : here.data();
      for (std::size_t x = 0; x < size; ++x) {
        row[x] = here[x] + share * (above[x] + below[x] - 2.0f * here[x]);
      }
      std::swap(above, here);
    }
  }
}

// To 8 bits, with the noise of a sensor: one random word for each pixel, a byte of it for each number.
image::Image exposed(const Canvas& canvas, float noise, const RandomStream& stream) {
  std::array<float, 256> noises{};
  for (std::size_t i = 0; i < noises.size(); ++i)
    noises[i] = noise * normal_quantiles()[256 * i + 128] + 0.5f;
  image::Image image(image::Shape{canvas.size, canvas.size, 3});
  PhiloxCounter words{};
  for (std::size_t i = 0; i < image.shape.pixels(); ++i) {
    if (i % 4 == 0) words = stream.block(static_cast<std::uint32_t>(i / 4));
    std::uint32_t word = words[i % 4];
    for (std::size_t c = 0; c < 3; ++c) {
      const float value = 255.0f * canvas.planes[c][i] + noises[word & 0xFF];
      image.pixels[3 * i + c] = static_cast<std::uint8_t>(std::min(std::max(value, 0.0f), 255.0f));
      word >>= 8;
    }
  }
  return image;
}

Finish in_pixels(Finish finish, float size) {
  finish.outline *= size;
  finish.bevel *= size;
  finish.softness = std::max(finish.softness * size, 1.0f);
  finish.height *= size;
  return finish;
}

}  // namespace

image::Image draw_scene(const GlyphRequest& request) {
  const Sign sign = place_sign(request);
  const Finish finish =
      in_pixels(draw_finish(stream_of(request, ScenePart::finish)), static_cast<float>(request.size));
  const Colours colours = draw_colours(finish.plate, stream_of(request, ScenePart::colours));
  const Light light = draw_light(stream_of(request, ScenePart::light));
  const Camera camera = draw_camera(stream_of(request, ScenePart::camera));
  const float margin = std::max(finish.outline, 0.5f * finish.softness) + 1.0f;
  const Ink ink(sign, request.size, margin);
  const Paint paint{ink, colours, finish, light.toward};

  Canvas canvas(request.size);
  paint_ground(request, colours, canvas);
  if (finish.plate != Plate::none) paint_plate(sign, finish.plate, colours.plate, canvas);
  if (finish.shadow > 0.0f) paint_shadow(paint, canvas);
  paint_sign(paint, canvas);
  if (light.dapple > 0.0f) shade(light, canvas);
  shine(light, canvas);
  blur(camera.blur, canvas);
  return exposed(canvas, camera.noise, stream_of(request, ScenePart::sensor));
}

image::Image draw_scene_mask(const GlyphRequest& request) {
  const Ink ink(place_sign(request), request.size, 1.0f);
  const auto size = static_cast<std::ptrdiff_t>(request.size);
  image::Image image(image::Shape{request.size, request.size, 1});
  for (std::ptrdiff_t y = 0; y < size; ++y) {
    for (std::ptrdiff_t x = 0; x < size; ++x) {
      image.pixels[static_cast<std::size_t>(y * size + x)] =
          static_cast<std::uint8_t>(255.0f * coverage(ink.depth(x, y)) + 0.5f);
    }
  }
  return image;
}

}  // namespace titrate::draw
