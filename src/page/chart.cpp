#include "titrate/page/chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "axes.hpp"
#include "titrate/core/text.hpp"
#include "titrate/page/markup.hpp"

namespace titrate::page {
namespace {

std::string c(double value) { return coordinate(value); }

// Turns values into coordinates of one panel.
class Frame {
 public:
  Frame(const Plot& plot, const PlotPanel& panel) : plot_(plot) {
    std::size_t longest = 0;
    for (const PlotSeries& series : panel.series) longest = std::max(longest, width_of(series.label));
    const bool named = plot.connected && longest > 0;
    const double names = 16 + kCharacter * static_cast<double>(std::min<std::size_t>(longest, 18));
    area_.right = area_.width - (named ? names : 10);
  }

  const Area& area() const { return area_; }
  double slot() const { return (area_.right - area_.left) / static_cast<double>(plot_.x_ticks.size()); }

  double x(std::size_t tick) const {
    if (plot_.x_scale == Scale::ordinal || plot_.x_ticks.size() == 1)
      return area_.left + slot() * (static_cast<double>(tick) + 0.5);
    if (tick >= plot_.numbers()) return area_.right - 12;
    return area_.left + 12 +
           along(plot_.x_ticks[tick].value, plot_.x_ticks.front().value,
                 plot_.x_ticks[plot_.numbers() - 1].value, plot_.x_scale) *
               (end() - area_.left - 24);
  }

  // Of the axis: what stands apart is beyond it.
  double end() const { return plot_.x_apart ? area_.right - 44 : area_.right; }

  // Those that a line joins.
  std::span<const PlotPoint> on_axis(const PlotSeries& series) const {
    const auto apart = std::find_if(series.points.begin(), series.points.end(),
                                    [&](const PlotPoint& point) { return point.x >= plot_.numbers(); });
    return {series.points.begin(), apart};
  }

  double y(double value) const {
    const double share = along(value, plot_.y_low, plot_.y_high, plot_.y_scale);
    return area_.bottom - share * (area_.bottom - area_.top);
  }

 private:
  static double along(double value, double low, double high, Scale scale) {
    if (scale == Scale::logarithmic) {
      if (value <= 0) return -10;  // below every axis; cut off by the clip
      return (std::log(value) - std::log(low)) / (std::log(high) - std::log(low));
    }
    return (value - low) / (high - low);
  }

  const Plot& plot_;
  Area area_{};
};

std::string clipped(const std::string& label, double width) {
  return shortened(label, static_cast<std::size_t>(std::max(4.0, width / kCharacter)));
}

Axes axes_of(const Plot& plot, const Frame& frame) {
  Axes axes{.area = frame.area(), .x_end = frame.end(), .x_title = plot.x_label, .y_title = plot.y_label};
  for (const Tick& tick : y_ticks(plot.y_low, plot.y_high, plot.y_scale))
    axes.y.push_back({frame.y(tick.value), tick.label, plot.around_zero && tick.value == 0});
  for (std::size_t i = 0; i < plot.x_ticks.size(); ++i) {
    const std::string& label = plot.x_ticks[i].label;
    axes.x.push_back({frame.x(i), plot.x_scale == Scale::ordinal ? clipped(label, frame.slot()) : label});
  }
  return axes;
}

// The bands of all series lie under the lines of all.
std::string band(const PlotSeries& series, const Frame& frame) {
  std::string upper, lower;
  for (const PlotPoint& point : frame.on_axis(series)) {
    const double half = point.half_width.value_or(0), x = frame.x(point.x);
    upper += fmt::format("{}{} {}", upper.empty() ? "M" : "L", c(x), c(frame.y(point.mean + half)));
    lower = fmt::format("L{} {}", c(x), c(frame.y(point.mean - half))) + lower;
  }
  return fmt::format("<path class=\"band c{}\" d=\"{}{}Z\"/>", series.colour, upper, lower);
}

std::string line(const PlotSeries& series, const Frame& frame) {
  std::string path;
  for (const PlotPoint& point : frame.on_axis(series))
    path += fmt::format("{}{} {}", path.empty() ? "M" : "L", c(frame.x(point.x)), c(frame.y(point.mean)));
  return fmt::format("<path class=\"line c{}\" d=\"{}\"/>", series.colour, path);
}

std::string interval_bar(const PlotPoint& point, std::size_t colour, double x, const Frame& frame) {
  const double half = point.half_width.value_or(0);
  return fmt::format("<path class=\"bar c{}\" d=\"M{} {}V{}M{} {}h14\"><title>{}</title></path>", colour,
                     c(x), c(frame.y(point.mean - half)), c(frame.y(point.mean + half)), c(x - 7),
                     c(frame.y(point.mean)), escape(point.title));
}

// Where series `s` of `count` stands beside its tick: a little aside, so that dots of several do not hide
// each other.
double aside(const Plot& plot, const Frame& frame, std::size_t s, std::size_t count) {
  const double step = plot.connected ? 3.2 : std::min(40.0, 0.7 * frame.slot() / static_cast<double>(count));
  return (static_cast<double>(s) - static_cast<double>(count - 1) / 2) * step;
}

std::string marks(const Plot& plot, const PlotPanel& panel, const Frame& frame) {
  std::string svg;
  const bool lines = plot.connected;
  for (const PlotSeries& series : panel.series) {
    if (lines && frame.on_axis(series).size() > 1) svg += band(series, frame);
  }
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    const PlotSeries& series = panel.series[s];
    const double shift = aside(plot, frame, s, panel.series.size());
    svg += fmt::format("<g class=\"dots c{}\">", series.colour);
    for (const PlotPoint& point : series.points) {
      const double x = frame.x(point.x) + shift + (lines ? 0 : 10);
      for (const Dot& dot : point.dots) {
        svg += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"1.7\"><title>{}</title></circle>", c(x),
                           c(frame.y(dot.y)), escape(dot.title));
      }
    }
    svg += "</g>";
  }
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    const PlotSeries& series = panel.series[s];
    const bool joined = lines && frame.on_axis(series).size() > 1;
    if (joined) svg += line(series, frame);
    for (const PlotPoint& point : series.points) {
      if (joined && point.x < plot.numbers()) {
        svg +=
            fmt::format("<circle class=\"mean c{}\" cx=\"{}\" cy=\"{}\" r=\"2.8\"><title>{}</title></circle>",
                        series.colour, c(frame.x(point.x)), c(frame.y(point.mean)), escape(point.title));
      } else {
        svg += interval_bar(point, series.colour,
                            frame.x(point.x) + aside(plot, frame, s, panel.series.size()), frame);
      }
    }
  }
  return svg;
}

struct EndLabel {
  double x = 0, from = 0, y = 0;
  const PlotSeries* series = nullptr;
};

// Names at the right ends, moved apart where they would overlap.
std::string end_labels(const PlotPanel& panel, const Frame& frame) {
  constexpr double kApart = 13;
  std::vector<EndLabel> labels;
  for (const PlotSeries& series : panel.series) {
    if (series.label.empty()) continue;
    const PlotPoint& last = series.points.back();
    const double y = std::clamp(frame.y(last.mean), frame.area().top, frame.area().bottom);
    labels.push_back({.x = frame.x(last.x), .from = y, .y = y, .series = &series});
  }
  std::stable_sort(labels.begin(), labels.end(),
                   [](const EndLabel& a, const EndLabel& b) { return a.y < b.y; });
  for (int round = 0; round < 50; ++round) {
    for (std::size_t i = 1; i < labels.size(); ++i) {
      const double overlap = kApart - (labels[i].y - labels[i - 1].y);
      if (overlap <= 0) continue;
      labels[i - 1].y -= overlap / 2;
      labels[i].y += overlap / 2;
    }
    if (labels.empty()) break;
    const double above = frame.area().top - labels.front().y, below = labels.back().y - frame.area().bottom;
    if (above > 0) labels.front().y += above;
    if (below > 0) labels.back().y -= below;
  }
  std::string svg;
  for (const EndLabel& label : labels) {
    const double x = frame.area().right + 6;
    svg += fmt::format("<path class=\"leader c{}\" d=\"M{} {}L{} {}\"/>", label.series->colour,
                       c(label.x + 5), c(label.from), c(x - 3), c(label.y));
    svg += fmt::format("<text class=\"label c{}\" x=\"{}\" y=\"{}\">{}</text>", label.series->colour, c(x),
                       c(label.y + 3.8), escape(clipped(label.series->label, 18 * kCharacter)));
  }
  return svg;
}

// Names a clip path after what it is for: two panels of a page must not share one.
std::string clip_name(const Plot& plot, const PlotPanel& panel) {
  std::string name = "clip-" + plot.title + "-" + panel.title;
  for (char& letter : name) {
    const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                       (letter >= '0' && letter <= '9');
    if (!plain) letter = '-';
  }
  return name;
}

std::string legend(const Plot& plot) {
  const auto most =
      std::max_element(plot.panels.begin(), plot.panels.end(),
                       [](const auto& a, const auto& b) { return a.series.size() < b.series.size(); });
  if (plot.connected || most == plot.panels.end() || most->series.size() < 2) return "";
  std::string html = "<div class=\"legend\">";
  for (const PlotSeries& series : most->series)
    html +=
        "<span class=\"c" + std::to_string(series.colour) + "\"><i></i>" + escape(series.label) + "</span>";
  return html + "</div>";
}

}  // namespace

std::string panel_svg(const Plot& plot, const PlotPanel& panel) {
  const Frame frame(plot, panel);
  const Area& area = frame.area();
  const std::string clip = clip_name(plot, panel);
  std::string svg =
      fmt::format("<svg class=\"chart\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">", c(area.width),
                  c(area.height), escape(plot.title + (panel.title.empty() ? "" : ", " + panel.title)));
  svg +=
      fmt::format("<clipPath id=\"{}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>", clip,
                  c(area.left), c(area.top - 4), c(area.right - area.left), c(area.bottom - area.top + 4));
  svg += axes_svg(axes_of(plot, frame));
  svg += fmt::format("<g{} clip-path=\"url(#{})\">{}</g>",
                     panel.series.size() > 3 ? " class=\"crowded\"" : "", clip, marks(plot, panel, frame));
  if (plot.connected) svg += end_labels(panel, frame);
  return svg + "</svg>";
}

std::string figure(const Plot& plot, const std::string& caption) {
  std::string html = "<figure><h3>" + escape(plot.title) + "</h3>" + legend(plot);
  html += plot.panels.size() > 1 ? "<div class=\"grid\">" : "<div>";
  for (const PlotPanel& panel : plot.panels) {
    html += "<div>" + (panel.title.empty() ? "" : "<p class=\"kind\">" + escape(panel.title) + "</p>") +
            panel_svg(plot, panel) + "</div>";
  }
  const char* marks = plot.connected ? "Line: mean over seeds. Band: its 95 % t interval."
                                     : "Short bar: mean over seeds. Long bar: its 95 % t interval.";
  return html + "</div><figcaption>" + marks + caption + "</figcaption></figure>";
}

}  // namespace titrate::page
