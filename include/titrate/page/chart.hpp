// Charts: what one shows, in the units of its axes, and how it is drawn, as inline SVG. Colours come from the
// page's style (classes c0 to c7), so a chart reads in light and dark.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace titrate::page {

inline constexpr std::size_t kSeriesColours = 7;  // but for the neutral one of a baseline

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

// Sets the range of y to that of the dots. An interval may reach out of it, by a quarter at most: with two
// seeds it is so wide that it would hide the rest.
void fit_y_range(Plot& plot);

// Whether the dots are positive and spread over a factor of 4 or more.
bool wants_logarithm(const Plot& plot);

// Round numbers within [low, high]: steps of 1, 2 or 5 times a power of ten; on a logarithmic axis 1, 2 and 5
// of each decade.
std::vector<Tick> y_ticks(double low, double high, Scale scale);

// One panel of a plot: every seed a dot, the mean a line (or a short bar), its 95 % t interval a band (or a
// bar). Where lines are drawn, each is named at its right end.
std::string panel_svg(const Plot& plot, const PlotPanel& panel);

// All panels under the plot's title, with a legend where the lines do not bear their names. The caption is
// HTML and follows a sentence that says what the marks are.
std::string figure(const Plot& plot, const std::string& caption);

}  // namespace titrate::page
