#include "glyph_pen.hpp"

#include <algorithm>
#include <cstddef>

namespace titrate::draw {
namespace {

// Handles of the curve between two knots: the directions in which it leaves one and reaches the other, per
// unit of chord.
struct Handles {
  Point leave, reach;
};

// Slope of the parabola through three points at the middle one, with the chords as parameter.
Point middle_slope(Point before, Point at, Point after) {
  const double a = length(at - before) + 1e-9, b = length(after - at) + 1e-9;
  return (b / (a * (a + b))) * (at - before) + (a / (b * (a + b))) * (after - at);
}

// The curve from knot i to knot i + 1 of the same stroke. At an end or a corner its slope is free: the
// natural one.
Handles curve_handles(std::span<const PenKnot> knots, std::size_t i) {
  const Point from = knots[i].at, to = knots[i + 1].at;
  const Point chord = (1.0 / (length(to - from) + 1e-9)) * (to - from);
  const bool free_from = knots[i].join != Join::smooth;
  const bool free_to =
      i + 2 == knots.size() || knots[i + 1].join == Join::corner || knots[i + 2].join == Join::start;
  Handles handles{chord, chord};
  if (!free_from) handles.leave = middle_slope(knots[i - 1].at, from, to);
  if (!free_to) handles.reach = middle_slope(from, to, knots[i + 2].at);
  if (free_from && !free_to) handles.leave = 1.5 * chord - 0.5 * handles.reach;
  if (free_to && !free_from) handles.reach = 1.5 * chord - 0.5 * handles.leave;
  return handles;
}

// The cubic Bezier from `from` to `to`, as `pieces` straight ones.
void flatten(const PenKnot& from, const PenKnot& to, const Handles& handles, double roundness,
             std::uint32_t pieces, std::vector<Segment>& out) {
  const double handle = roundness * length(to.at - from.at) / 3.0;
  const Point c1 = from.at + handle * handles.leave, c2 = to.at - handle * handles.reach;
  Point last = from.at;
  double last_pressure = from.pressure;
  for (std::uint32_t k = 1; k <= pieces; ++k) {
    const double t = static_cast<double>(k) / pieces, s = 1.0 - t;
    const Point p =
        (s * s * s) * from.at + (3.0 * s * s * t) * c1 + (3.0 * s * t * t) * c2 + (t * t * t) * to.at;
    const double pressure = s * from.pressure + t * to.pressure;
    out.push_back({last, p, last_pressure, pressure});
    last = p;
    last_pressure = pressure;
  }
}

// Raises `depth`, how far inside the ink the centre of each pixel lies, to that of one segment.
void add_segment(const Segment& segment, double radius, double margin, std::uint32_t size,
                 std::vector<double>& depth) {
  const double reach = radius * std::max(segment.pressure_a, segment.pressure_b) + margin;
  const auto first = [&](double v) { return static_cast<int>(std::max(v - reach, 0.0)); };
  const auto last = [&](double v) { return static_cast<int>(std::min(v + reach, size - 1.0)); };
  const int x0 = first(std::min(segment.a.x, segment.b.x)), x1 = last(std::max(segment.a.x, segment.b.x));
  const int y0 = first(std::min(segment.a.y, segment.b.y)), y1 = last(std::max(segment.a.y, segment.b.y));
  const Point along = segment.b - segment.a;
  const double inverse = 1.0 / (along.x * along.x + along.y * along.y + 1e-12);
  for (int y = y0; y <= y1; ++y) {
    for (int x = x0; x <= x1; ++x) {
      const Point from = Point{x + 0.5, y + 0.5} - segment.a;
      const double t = std::clamp((from.x * along.x + from.y * along.y) * inverse, 0.0, 1.0);
      const Point off = from - t * along;
      const double square = off.x * off.x + off.y * off.y;
      if (square > reach * reach) continue;
      const double pressure = segment.pressure_a + t * (segment.pressure_b - segment.pressure_a);
      double& deepest = depth[static_cast<std::size_t>(y) * size + static_cast<std::size_t>(x)];
      deepest = std::max(deepest, radius * pressure - std::sqrt(square));
    }
  }
}

// Lowers `squares`, the square of how far each pixel is from the ink's middle at a pressure of 1, to that of
// one segment. No branch and no root, so that compilers use vectors.
void add_rough_segment(const Segment& segment, float reach, std::uint32_t size, std::span<float> squares) {
  const auto pressure = static_cast<float>(0.5 * (segment.pressure_a + segment.pressure_b));
  const double far = static_cast<double>(reach * pressure);
  const auto first = [&](double v) { return static_cast<int>(std::max(v - far, 0.0)); };
  const auto last = [&](double v) { return static_cast<int>(std::min(v + far, size - 1.0)); };
  const int x0 = first(std::min(segment.a.x, segment.b.x)), x1 = last(std::max(segment.a.x, segment.b.x));
  const int y0 = first(std::min(segment.a.y, segment.b.y)), y1 = last(std::max(segment.a.y, segment.b.y));
  const auto ax = static_cast<float>(segment.a.x), ay = static_cast<float>(segment.a.y);
  const auto dx = static_cast<float>(segment.b.x) - ax, dy = static_cast<float>(segment.b.y) - ay;
  const float inverse = 1.0f / (dx * dx + dy * dy + 1e-9f), even = 1.0f / (pressure * pressure);
  for (int y = y0; y <= y1; ++y) {
    float* row = &squares[static_cast<std::size_t>(y) * size];
    const float down = static_cast<float>(y) + 0.5f - ay;
    for (int x = x0; x <= x1; ++x) {
      const float right = static_cast<float>(x) + 0.5f - ax;
      const float t = std::min(std::max((right * dx + down * dy) * inverse, 0.0f), 1.0f);
      const float off_x = right - t * dx, off_y = down - t * dy;
      row[x] = std::min(row[x], (off_x * off_x + off_y * off_y) * even);
    }
  }
}

}  // namespace

std::vector<Segment> strokes(std::span<const PenKnot> knots, double roundness, std::uint32_t pieces) {
  std::vector<Segment> segments;
  segments.reserve(knots.size() * pieces);
  for (std::size_t i = 0; i + 1 < knots.size(); ++i) {
    if (knots[i + 1].join == Join::start) continue;
    flatten(knots[i], knots[i + 1], curve_handles(knots, i), roundness, pieces, segments);
  }
  return segments;
}

Box bounds(std::span<const Segment> segments) {
  Box box{{1e9, 1e9}, {-1e9, -1e9}};
  for (const Segment& segment : segments) {
    for (const Point p : {segment.a, segment.b}) {
      box.low = {std::min(box.low.x, p.x), std::min(box.low.y, p.y)};
      box.high = {std::max(box.high.x, p.x), std::max(box.high.y, p.y)};
    }
  }
  return box;
}

std::vector<double> ink_depth(std::span<const Segment> segments, double radius, std::uint32_t size,
                              double margin) {
  std::vector<double> depth(std::size_t{size} * size, -margin);
  for (const Segment& segment : segments) add_segment(segment, radius, margin, size, depth);
  return depth;
}

std::vector<float> rough_ink_depth(std::span<const Segment> segments, float radius, std::uint32_t size,
                                   float margin) {
  const float reach = radius + margin, most = reach * reach;
  std::vector<float> depth(std::size_t{size} * size, most);
  for (const Segment& segment : segments) add_rough_segment(segment, reach, size, depth);
  for (float& d : depth) d = d < most ? radius - std::sqrt(d) : -margin;
  return depth;
}

}  // namespace titrate::draw
