#include "titrate/page/curve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "axes.hpp"
#include "titrate/core/text.hpp"
#include "titrate/page/markup.hpp"

namespace titrate::page {
namespace {

constexpr Area kArea{.height = 250, .bottom = 208};
constexpr std::size_t kMostTicks = 8;

// 1, and multiples of 1, 2 or 5 times a power of ten.
std::vector<std::size_t> epoch_ticks(std::size_t epochs) {
  std::size_t step = 1;
  for (std::size_t power = 1; epochs / step > kMostTicks; power *= 10) {
    for (const std::size_t digit : {1, 2, 5}) {
      step = digit * power;
      if (epochs / step <= kMostTicks) break;
    }
  }
  std::vector<std::size_t> ticks{1};
  for (std::size_t epoch = step; epoch <= epochs; epoch += step) {
    if (epoch > 1) ticks.push_back(epoch);
  }
  return ticks;
}

Axes drawn_axes(const CurveAxes& curves) {
  Axes axes{.area = kArea, .x_end = kArea.right, .x_title = "epoch", .y_title = curves.y_label};
  for (const Tick& tick : y_ticks(curves.low, curves.high, curves.scale))
    axes.y.push_back({curves.y(tick.value), tick.label});
  for (std::size_t epoch : epoch_ticks(curves.epochs))
    axes.x.push_back({curves.x(epoch), std::to_string(epoch)});
  return axes;
}

// Up to what cannot be drawn.
std::vector<std::string> heights(const CurveAxes& axes, const CurveLine& line) {
  std::vector<std::string> texts;
  for (double value : line) {
    if (!std::isfinite(value)) break;
    texts.push_back(fixed(axes.y(value), 1));
  }
  return texts;
}

// The page's script draws the same.
std::string line_svg(const CurveAxes& axes, const ColouredLine& coloured) {
  std::string path;
  std::size_t epoch = 0;
  for (const std::string& y : heights(axes, coloured.line)) {
    path += (epoch == 0 ? "M" : "L") + coordinate(axes.x(epoch + 1)) + " " + y;
    ++epoch;
  }
  return fmt::format("<path class=\"line c{}\" d=\"{}\"/>", coloured.colour, path);
}

}  // namespace

double CurveAxes::dx() const { return (kArea.right - kArea.left - 24) / static_cast<double>(epochs - 1); }

double CurveAxes::x(std::size_t epoch) const {
  return kArea.left + 12 + dx() * static_cast<double>(epoch - 1);
}

double CurveAxes::y(double value) const {
  const bool logarithmic = scale == Scale::logarithmic;
  const double share =
      logarithmic ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
  return kArea.bottom - share * (kArea.bottom - kArea.top);
}

CurveAxes fit_curve_axes(std::string title, bool shares, std::span<const CurveLine> lines) {
  CurveAxes axes{.title = title, .y_label = title + (shares ? ", %" : "")};
  axes.low = std::numeric_limits<double>::infinity();
  axes.high = -axes.low;
  for (const CurveLine& line : lines) {
    axes.epochs = std::max(axes.epochs, line.size());
    for (double value : line) {
      if (!std::isfinite(value)) continue;
      axes.low = std::min(axes.low, value);
      axes.high = std::max(axes.high, value);
    }
  }
  if (!(axes.low <= axes.high)) axes.low = axes.high = 0;
  if (!shares && axes.low > 0 && axes.high / axes.low >= 4) {
    axes.scale = Scale::logarithmic;
    axes.y_label += ", log scale";
    axes.low /= 1.1;
    axes.high *= 1.1;
    return axes;
  }
  const double room = std::max(0.05 * (axes.high - axes.low), 0.01 * std::max(std::abs(axes.high), 1.0));
  axes.low = std::max(axes.low - room, 0.0);
  axes.high = shares ? std::min(axes.high + room, 100.0) : axes.high + room;
  return axes;
}

std::string curve_svg(const std::string& id, const CurveAxes& axes, std::span<const ColouredLine> lines) {
  std::string drawn;
  for (const ColouredLine& line : lines) drawn += line_svg(axes, line);
  return fmt::format(
      "<svg id=\"{}\" class=\"curve\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">{}{}</svg>", id,
      coordinate(kArea.width), coordinate(kArea.height), escape(axes.title), axes_svg(drawn_axes(axes)),
      drawn);
}

std::string curve_heights(const CurveAxes& axes, const CurveLine& line) {
  return join(heights(axes, line), " ");
}

}  // namespace titrate::page
