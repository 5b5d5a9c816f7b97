// A pen through knots: the curves it follows and the ink it leaves. What glyphs and scenes are drawn with.
//
// Only + - * / and sqrt act on coordinates, so a picture has the same bits on every machine.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "glyph_outlines.hpp"

namespace titrate::draw {

struct Point {
  double x = 0.0;
  double y = 0.0;
};

inline Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
inline Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
inline Point operator*(double s, Point p) { return {s * p.x, s * p.y}; }
inline double length(Point p) { return std::sqrt(p.x * p.x + p.y * p.y); }

// Turned clockwise by the angle whose half has this tangent: no sine is needed.
inline Point turned(Point p, double half_tilt) {
  const double t = half_tilt, norm = 1.0 + t * t;
  const double cosine = (1.0 - t * t) / norm, sine = 2.0 * t / norm;
  return {cosine * p.x - sine * p.y, sine * p.x + cosine * p.y};
}

// Where the pen passes. The height of a glyph is 2: y from -1 to 1, down.
struct PenKnot {
  Point at;
  double pressure = 1.0;  // factor on the width of the pen
  Join join = Join::smooth;
};

// A straight piece of a stroke; the pressure changes evenly along it.
struct Segment {
  Point a, b;
  double pressure_a = 1.0;
  double pressure_b = 1.0;
};

struct Box {
  Point low, high;
};

// The curves through the knots, each as `pieces` straight segments. `roundness` is a factor on the handles of
// the curves; below 1 is angular.
std::vector<Segment> strokes(std::span<const PenKnot> knots, double roundness, std::uint32_t pieces);

// The smallest box around the middles of the strokes.
Box bounds(std::span<const Segment> segments);

// How far inside the ink the centre of each pixel lies, negative outside, row by row. Exact to `margin`
// pixels from the ink, which has to be positive, and -margin beyond.
std::vector<double> ink_depth(std::span<const Segment> segments, double radius, std::uint32_t size,
                              double margin);

// The same several times faster: the pressure is even along a segment, and depths grow with it, so that they
// are a few hundredths off.
std::vector<float> rough_ink_depth(std::span<const Segment> segments, float radius, std::uint32_t size,
                                   float margin);

}  // namespace titrate::draw
