// What a chart shows, before it is drawn: points in the units of its axes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "titrate/report/layout.hpp"
#include "titrate/report/summary.hpp"

namespace titrate::report {

enum class Scale { linear, logarithmic, ordinal };  // ordinal: evenly spaced, whatever the values

struct Dot {
  double y = 0;
  std::string title{};  // shown on hover
};

struct PlotPoint {
  std::size_t x = 0;  // index of a tick
  double mean = 0;
  std::optional<double> half_width{};  // of the 95 % t interval
  std::vector<Dot> dots{};             // one per seed
  std::string title{};
};

struct PlotSeries {
  std::string label{};
  std::size_t colour = 0;  // 0: the neutral one, of the arm that others are compared with
  std::vector<PlotPoint> points{};
};

struct PlotPanel {
  std::string title{};
  std::vector<PlotSeries> series{};
};

struct Tick {
  std::string label{};
  double value = 0;
};

struct Plot {
  std::string title{}, x_label{}, y_label{};
  Scale x_scale = Scale::ordinal, y_scale = Scale::linear;
  bool connected = false;  // lines and bands over x, else a bar for each interval
  bool around_zero = false;
  bool x_apart = false;         // the last tick has no number: it stands right of the axis, joined to nothing
  std::vector<Tick> x_ticks{};  // one for each level of x
  double y_low = 0, y_high = 1;
  std::vector<PlotPanel> panels{};

  std::size_t numbers() const;  // ticks that stand on the axis
};

// Of a row of study::metrics().
Plot metric_plot(const study::Study& study, const Summary& summary, const Layout& layout, std::size_t metric);
Plot gain_plot(const study::Study& study, const Summary& summary, const Layout& layout);  // in points

// Round numbers within [low, high]: steps of 1, 2 or 5 times a power of ten; on a logarithmic axis 1, 2 and 5
// of each decade.
std::vector<Tick> y_ticks(double low, double high, Scale scale);

}  // namespace titrate::report
