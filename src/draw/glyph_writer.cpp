#include "glyph_writer.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>

#include "titrate/core/error.hpp"
#include "titrate/core/random.hpp"

namespace titrate::draw {
namespace {

constexpr std::uint64_t kImagesPerWriter = 4;
constexpr std::uint32_t kSmallestSize = 8;
constexpr double kWriterBend = 0.11;  // standard deviation of a Bend's numbers, by writer and glyph
constexpr double kImageBend = 0.05;   // and by image
constexpr double kLetterWaver = 0.7;  // slant, bends and wobble of letters, which have more strokes to keep
constexpr double kLetterPen = 0.88;   // apart, as a share of those of digits; the pen's radius too
constexpr double kSignWaver = 0.4;    // slant, bends and wobble of signs

// Quadratic bending of the plane: how far u^2, uv and v^2 move a point, along x and along y.
struct Bend {
  Point uu, uv, vv;
};

// What all glyphs of one writer share, or how far one image strays from it.
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

// Streams are numbered by class, but what all glyphs share has had the number after the digits since before
// there were letters.
constexpr std::uint32_t kShared = kDigits;
constexpr std::uint32_t slot_of(std::uint32_t glyph) { return glyph < kShared ? glyph : glyph + 1; }

struct Source {
  std::uint64_t seed = 0;
  Purpose purpose = Purpose::glyph_writer;
  std::uint64_t sample = 0;      // the writer or the image
  std::uint32_t slot = kShared;  // see slot_of

  RandomStream stream(Part part) const {
    return RandomStream(seed, purpose, sample, 4 * slot + static_cast<std::uint32_t>(part));
  }
};

Bend draw_bend(const Source& source, double deviation) {
  RandomStream stream = source.stream(Part::bend);
  const auto point = [&] { return deviation * Point{stream.normal(), stream.normal()}; };
  return {point(), point(), point()};
}

Hand draw_writer(const Source& source, double waver) {
  RandomStream stream = source.stream(Part::hand);
  Hand hand;
  hand.slant = waver * (0.16 + 0.25 * stream.normal());
  hand.half_tilt = waver * 0.03 * stream.normal();
  hand.stretch = 1.16 + 0.19 * stream.normal();
  hand.pen = std::clamp(0.063 + 0.020 * stream.normal(), 0.034, 0.125);
  hand.roundness = stream.uniform(0.8, 1.15);
  hand.wobble = waver * stream.uniform(0.04, 0.095);
  return hand;
}

// One image of that writer: the same hand, a little off.
Hand draw_image(const Hand& writer, const Source& source, double waver) {
  RandomStream stream = source.stream(Part::hand);
  Hand hand = writer;
  hand.slant += waver * 0.06 * stream.normal();
  hand.half_tilt += waver * 0.03 * stream.normal();
  hand.stretch = std::clamp(hand.stretch * (1.0 + 0.08 * stream.normal()), 0.6, 2.0);
  hand.pen *= 1.0 + 0.08 * stream.normal();
  hand.wobble = 0.5 * writer.wobble;
  hand.bend = draw_bend(source, waver * kImageBend);
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

// How this writer writes this glyph.
std::vector<PenKnot> written_glyph(std::span<const Style> styles, const Hand& hand, const Source& source,
                                   double waver) {
  const Style& style = choose_style(styles, source);
  const Bend bend = draw_bend(source, waver * kWriterBend);
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
  return turned(q, hand.half_tilt);
}

void check(const GlyphRequest& request) {
  if (request.glyph_class >= kGlyphs) {
    throw Error({.code = ErrorCode::usage,
                 .where = "glyphs",
                 .what = "unknown class",
                 .expected = "0 to " + std::to_string(kGlyphs - 1),
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

Writing write_glyph(const GlyphRequest& request, Manner manner) {
  check(request);
  const bool sign = manner == Manner::sign;
  const bool letter = request.glyph_class >= kDigits;
  const double waver = sign ? kSignWaver : letter ? kLetterWaver : 1.0;
  const std::span<const Style> styles =
      sign ? sign_styles(request.glyph_class) : glyph_styles(request.glyph_class);
  const std::uint32_t slot = slot_of(request.glyph_class);
  const std::uint64_t writer = request.index / kImagesPerWriter;
  const Hand writer_hand = draw_writer({request.seed, Purpose::glyph_writer, writer}, waver);
  const Source image{request.seed, Purpose::glyph_image, request.index, slot};
  const Hand hand = draw_image(writer_hand, image, waver);

  Writing writing{{}, letter ? kLetterPen * hand.pen : hand.pen, hand.roundness};
  writing.knots =
      written_glyph(styles, writer_hand, {request.seed, Purpose::glyph_writer, writer, slot}, waver);
  wobble_knots(writing.knots, hand.wobble, image);
  for (PenKnot& knot : writing.knots) knot.at = placed(knot.at, hand);
  return writing;
}

}  // namespace titrate::draw
