#include "axes.hpp"

#include <fmt/format.h>

#include "titrate/core/text.hpp"
#include "titrate/page/markup.hpp"

namespace titrate::page {
namespace {

std::string c(double value) { return coordinate(value); }

std::string y_svg(const Axes& axes) {
  std::string svg;
  for (const AxisTick& tick : axes.y) {
    svg += fmt::format("<line class=\"{}\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>",
                       tick.zero ? "zero" : "grid", c(axes.area.left), c(axes.area.right), c(tick.at),
                       c(tick.at));
    svg += fmt::format("<text class=\"tick\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
                       c(axes.area.left - 6), c(tick.at + 3.5), escape(tick.label));
  }
  return svg;
}

std::string x_svg(const Axes& axes) {
  std::string svg;
  const double bottom = axes.area.bottom;
  double free_from = -1e9;
  for (const AxisTick& tick : axes.x) {
    svg += fmt::format("<line class=\"axis\" x1=\"{0}\" x2=\"{0}\" y1=\"{1}\" y2=\"{2}\"/>", c(tick.at),
                       c(bottom), c(bottom + 4));
    const double half = kCharacter * static_cast<double>(width_of(tick.label)) / 2;
    if (tick.at - half < free_from) continue;
    free_from = tick.at + half + 3;
    svg += fmt::format("<text class=\"tick\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>", c(tick.at),
                       c(bottom + 16), escape(tick.label));
  }
  return svg + fmt::format("<line class=\"axis\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>",
                           c(axes.area.left), c(axes.x_end), c(bottom), c(bottom));
}

}  // namespace

std::string axes_svg(const Axes& axes) {
  return y_svg(axes) + x_svg(axes) +
         fmt::format("<text class=\"title\" x=\"2\" y=\"12\">{}</text>", escape(axes.y_title)) +
         fmt::format("<text class=\"title\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                     c((axes.area.left + axes.area.right) / 2), c(axes.area.height - 6),
                     escape(axes.x_title));
}

}  // namespace titrate::page
