#include "titrate/draw/glyph.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include "glyph_outlines.hpp"
#include "glyph_pen.hpp"
#include "glyph_writer.hpp"

namespace titrate::draw {
namespace {

constexpr double kEdge = 1.15;  // pixels from full ink to none across the edge of a stroke

// Scales and shifts the strokes to pixels: the ink, `reach` beyond them, fills the box on its longer side and
// is centred on the shorter one.
void fit_box(std::span<Segment> segments, double size, double box, double reach) {
  const Box ink = bounds(segments);
  const double scale = (box - 2.0 * reach) / std::max(ink.high.x - ink.low.x, ink.high.y - ink.low.y);
  const Point middle = 0.5 * (ink.low + ink.high), centre{0.5 * size, 0.5 * size};
  for (Segment& segment : segments) {
    segment.a = centre + scale * (segment.a - middle);
    segment.b = centre + scale * (segment.b - middle);
  }
}

// The ink's grey levels, shifted by whole pixels to bring its centre of mass to the centre, but not by more
// than `room`.
image::Image centred(const std::vector<double>& depth, std::uint32_t size, std::uint32_t room) {
  std::vector<std::uint8_t> grey(depth.size());
  double mass = 0.0;
  Point moment;
  for (std::size_t i = 0; i < depth.size(); ++i) {
    grey[i] = static_cast<std::uint8_t>(255.0 * std::clamp(depth[i] / kEdge + 0.5, 0.0, 1.0) + 0.5);
    const Point at{static_cast<double>(i % size) + 0.5, static_cast<double>(i / size) + 0.5};
    mass += grey[i];
    moment = moment + static_cast<double>(grey[i]) * at;
  }
  const auto side = static_cast<std::ptrdiff_t>(size), most = static_cast<std::ptrdiff_t>(room);
  const auto shift = [&](double m) {
    return std::clamp(static_cast<std::ptrdiff_t>(std::floor(0.5 * size - m / mass + 0.5)), -most, most);
  };
  const std::ptrdiff_t dx = shift(moment.x), dy = shift(moment.y);
  image::Image image(image::Shape{size, size, 1});
  for (std::ptrdiff_t y = std::max<std::ptrdiff_t>(0, dy); y < std::min(side, side + dy); ++y) {
    for (std::ptrdiff_t x = std::max<std::ptrdiff_t>(0, dx); x < std::min(side, side + dx); ++x) {
      image.pixels[static_cast<std::size_t>(y * side + x)] =
          grey[static_cast<std::size_t>((y - dy) * side + x - dx)];
    }
  }
  return image;
}

}  // namespace

std::vector<std::string> glyph_set_names() { return {"digits", "letters", "symbols-37"}; }

std::vector<std::string> glyph_set(std::string_view name) {
  static constexpr std::string_view all = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ#";
  static_assert(all.size() == kGlyphs);
  std::string_view chosen;
  if (name == "digits") chosen = all.substr(0, kDigits);
  if (name == "letters") chosen = all.substr(kDigits, kLetters);
  if (name == "symbols-37") chosen = all;
  std::vector<std::string> classes;
  for (const char glyph : chosen) classes.emplace_back(1, glyph);
  return classes;
}

image::Image draw_glyph(const GlyphRequest& request) {
  const Writing writing = write_glyph(request, Manner::handwriting);
  const double size = request.size, box = size * 20.0 / 28.0, radius = writing.pen * box;
  std::vector<Segment> segments =
      strokes(writing.knots, writing.roundness, std::clamp(request.size / 4, 6u, 32u));
  fit_box(segments, size, box, radius + 0.5 * kEdge);
  const std::vector<double> depth = ink_depth(segments, radius, request.size, 0.5 * kEdge);
  // The bar of a T would leave the picture; digits have always been let go.
  const bool digit = request.glyph_class < kDigits;
  return centred(depth, request.size, digit ? request.size : request.size / 7);
}

}  // namespace titrate::draw
