#include "titrate/image/glyph.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include "glyph_outlines.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/random.hpp"

// Only + - * / and sqrt act on coordinates, so a picture has the same bits on every machine.

namespace titrate::image {
namespace {

constexpr std::uint64_t kImagesPerWriter = 4;
constexpr std::uint32_t kSmallestSize = 8;
constexpr double kEdge = 1.15;        // pixels from full ink to none across the edge of a stroke
constexpr double kWriterBend = 0.11;  // standard deviation of a Bend's numbers, by writer and digit
constexpr double kImageBend = 0.05;   // and by image

struct Point {
  double x = 0.0;
  double y = 0.0;
};

Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
Point operator*(double s, Point p) { return {s * p.x, s * p.y}; }
double length(Point p) { return std::sqrt(p.x * p.x + p.y * p.y); }

// Where the pen passes. The height of a digit is 2: y from -1 to 1, down.
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

// Quadratic bending of the plane: how far u^2, uv and v^2 move a point, along x and along y.
struct Bend {
  Point uu, uv, vv;
};

// What all digits of one writer share, or how far one image strays from it.
struct Hand {
  double slant = 0.0;      // shift to the right per unit of height
  double half_tilt = 0.0;  // tangent of half the angle of rotation, clockwise
  double stretch = 1.0;    // factor on the width
  double pen = 0.0;        // radius of the pen as a share of the ink's box
  double roundness = 1.0;  // factor on the handles of the curves; below 1 is angular
  double wobble = 0.0;     // standard deviation of the knots
  Bend bend;
};

// Whose numbers, and what they are for: every part of a picture has a stream of its own.
enum class Part : std::uint32_t { hand, style, bend, wobble };

struct Source {
  std::uint64_t seed = 0;
  Purpose purpose = Purpose::glyph_writer;
  std::uint64_t sample = 0;       // the writer or the image
  std::uint32_t digit = kDigits;  // kDigits: what all digits share

  RandomStream stream(Part part) const {
    return RandomStream(seed, purpose, sample, 4 * digit + static_cast<std::uint32_t>(part));
  }
};

Bend draw_bend(const Source& source, double deviation) {
  RandomStream stream = source.stream(Part::bend);
  const auto point = [&] { return deviation * Point{stream.normal(), stream.normal()}; };
  return {point(), point(), point()};
}

Hand draw_writer(const Source& source) {
  RandomStream stream = source.stream(Part::hand);
  Hand hand;
  hand.slant = 0.16 + 0.25 * stream.normal();
  hand.half_tilt = 0.03 * stream.normal();
  hand.stretch = 1.16 + 0.19 * stream.normal();
  hand.pen = std::clamp(0.063 + 0.020 * stream.normal(), 0.034, 0.125);
  hand.roundness = stream.uniform(0.8, 1.15);
  hand.wobble = stream.uniform(0.04, 0.095);
  return hand;
}

// One image of that writer: the same hand, a little off.
Hand draw_image(const Hand& writer, const Source& source) {
  RandomStream stream = source.stream(Part::hand);
  Hand hand = writer;
  hand.slant += 0.06 * stream.normal();
  hand.half_tilt += 0.03 * stream.normal();
  hand.stretch = std::clamp(hand.stretch * (1.0 + 0.08 * stream.normal()), 0.6, 2.0);
  hand.pen *= 1.0 + 0.08 * stream.normal();
  hand.wobble = 0.5 * writer.wobble;
  hand.bend = draw_bend(source, kImageBend);
  return hand;
}

const Style& choose_style(std::span<const Style> styles, const Source& source) {
  double total = 0.0;
  for (const Style& style : styles) total += style.weight;
  double rest = total * source.stream(Part::style).uniform();
  for (const Style& style : styles) {
    rest -= style.weight;
    if (rest < 0.0) return style;
  }
  return styles.back();
}

Point bent(Point p, const Bend& bend) {
  return p + p.x * p.x * bend.uu + p.x * p.y * bend.uv + p.y * p.y * bend.vv;
}

// The ends of strokes stray further than what lies between.
void wobble_knots(std::vector<PenKnot>& knots, double deviation, const Source& source) {
  RandomStream stream = source.stream(Part::wobble);
  for (std::size_t i = 0; i < knots.size(); ++i) {
    const bool end =
        knots[i].join == Join::start || i + 1 == knots.size() || knots[i + 1].join == Join::start;
    const Point off{stream.normal(), stream.normal()};
    knots[i].at = knots[i].at + (end ? 1.4 * deviation : deviation) * off;
    knots[i].pressure *= 1.0 + 0.06 * stream.normal();
  }
}

// How this writer writes this digit.
std::vector<PenKnot> written_digit(const Hand& hand, const Source& source) {
  const Style& style = choose_style(digit_styles(source.digit), source);
  const Bend bend = draw_bend(source, kWriterBend);
  std::vector<PenKnot> knots;
  knots.reserve(style.knots.size());
  for (const Knot& knot : style.knots) {
    const Point at{(knot.x - 30) / 50.0, (knot.y - 50) / 50.0};
    knots.push_back({bent(at, bend), 1.0, knot.join});
  }
  wobble_knots(knots, hand.wobble, source);
  return knots;
}

// Bends, stretches, slants and turns the plane, in this order.
Point placed(Point p, const Hand& hand) {
  Point q = bent(p, hand.bend);
  q.x = q.x * hand.stretch - q.y * hand.slant;
  const double t = hand.half_tilt, norm = 1.0 + t * t;
  const double cosine = (1.0 - t * t) / norm, sine = 2.0 * t / norm;
  return {cosine * q.x - sine * q.y, sine * q.x + cosine * q.y};
}

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

std::vector<Segment> strokes(std::span<const PenKnot> knots, double roundness, std::uint32_t pieces) {
  std::vector<Segment> segments;
  segments.reserve(knots.size() * pieces);
  for (std::size_t i = 0; i + 1 < knots.size(); ++i) {
    if (knots[i + 1].join == Join::start) continue;
    flatten(knots[i], knots[i + 1], curve_handles(knots, i), roundness, pieces, segments);
  }
  return segments;
}

// Scales and shifts the strokes to pixels: the ink, `reach` beyond them, fills the box on its longer side and
// is centred on the shorter one.
void fit_box(std::vector<Segment>& segments, double size, double box, double reach) {
  Point low{1e9, 1e9}, high{-1e9, -1e9};
  for (const Segment& segment : segments) {
    for (const Point p : {segment.a, segment.b}) {
      low = {std::min(low.x, p.x), std::min(low.y, p.y)};
      high = {std::max(high.x, p.x), std::max(high.y, p.y)};
    }
  }
  const double scale = (box - 2.0 * reach) / std::max(high.x - low.x, high.y - low.y);
  const Point middle = 0.5 * (low + high), centre{0.5 * size, 0.5 * size};
  for (Segment& segment : segments) {
    segment.a = centre + scale * (segment.a - middle);
    segment.b = centre + scale * (segment.b - middle);
  }
}

// Raises `depth`, how far inside the ink the centre of each pixel lies, to that of one segment.
void add_segment(const Segment& segment, double radius, std::uint32_t size, std::vector<double>& depth) {
  const double reach = radius * std::max(segment.pressure_a, segment.pressure_b) + 0.5 * kEdge;
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

// The ink's grey levels, shifted by whole pixels to bring its centre of mass to the centre.
Image centred(const std::vector<double>& depth, std::uint32_t size) {
  std::vector<std::uint8_t> grey(depth.size());
  double mass = 0.0;
  Point moment;
  for (std::size_t i = 0; i < depth.size(); ++i) {
    grey[i] = static_cast<std::uint8_t>(255.0 * std::clamp(depth[i] / kEdge + 0.5, 0.0, 1.0) + 0.5);
    const Point at{static_cast<double>(i % size) + 0.5, static_cast<double>(i / size) + 0.5};
    mass += grey[i];
    moment = moment + static_cast<double>(grey[i]) * at;
  }
  const auto side = static_cast<std::ptrdiff_t>(size);
  const auto shift = [&](double m) {
    return static_cast<std::ptrdiff_t>(std::floor(0.5 * size - m / mass + 0.5));
  };
  const std::ptrdiff_t dx = shift(moment.x), dy = shift(moment.y);
  Image image(Shape{size, size, 1});
  for (std::ptrdiff_t y = std::max<std::ptrdiff_t>(0, dy); y < std::min(side, side + dy); ++y) {
    for (std::ptrdiff_t x = std::max<std::ptrdiff_t>(0, dx); x < std::min(side, side + dx); ++x) {
      image.pixels[static_cast<std::size_t>(y * side + x)] =
          grey[static_cast<std::size_t>((y - dy) * side + x - dx)];
    }
  }
  return image;
}

void check(const GlyphRequest& request) {
  if (request.glyph_class >= kDigits) {
    throw Error({.code = ErrorCode::usage,
                 .where = "glyphs",
                 .what = "unknown class",
                 .expected = "0 to " + std::to_string(kDigits - 1),
                 .got = std::to_string(request.glyph_class)});
  }
  if (request.size < kSmallestSize) {
    throw Error({.code = ErrorCode::usage,
                 .where = "glyphs",
                 .what = "picture too small",
                 .expected = std::to_string(kSmallestSize) + " pixels or more",
                 .got = std::to_string(request.size)});
  }
}

}  // namespace

std::vector<std::string> glyph_classes() { return {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}; }

Image draw_glyph(const GlyphRequest& request) {
  check(request);
  const std::uint64_t writer = request.index / kImagesPerWriter;
  const Hand writer_hand = draw_writer({request.seed, Purpose::glyph_writer, writer});
  std::vector<PenKnot> knots =
      written_digit(writer_hand, {request.seed, Purpose::glyph_writer, writer, request.glyph_class});

  const Source source{request.seed, Purpose::glyph_image, request.index, request.glyph_class};
  const Hand hand = draw_image(writer_hand, source);
  wobble_knots(knots, hand.wobble, source);
  for (PenKnot& knot : knots) knot.at = placed(knot.at, hand);

  const double size = request.size, box = size * 20.0 / 28.0, radius = hand.pen * box;
  std::vector<Segment> segments = strokes(knots, hand.roundness, std::clamp(request.size / 4, 6u, 32u));
  fit_box(segments, size, box, radius + 0.5 * kEdge);
  std::vector<double> depth(std::size_t{request.size} * request.size, -kEdge);
  for (const Segment& segment : segments) add_segment(segment, radius, request.size, depth);
  return centred(depth, request.size);
}

}  // namespace titrate::image
