#include <algorithm>
#include <cmath>
#include <limits>

#include "titrate/core/text.hpp"
#include "titrate/page/chart.hpp"

namespace titrate::page {
namespace {

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -low;  // empty: low > high

  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

template <class Visit>
void for_each_point(const Plot& plot, const Visit& visit) {
  for (const PlotPanel& panel : plot.panels) {
    for (const PlotSeries& series : panel.series) {
      for (const PlotPoint& point : series.points) visit(point);
    }
  }
}

// What was seen: every seed's dot.
Range range_of_dots(const Plot& plot) {
  Range range;
  for_each_point(plot, [&](const PlotPoint& point) {
    for (const Dot& dot : point.dots) range.include(dot.y);
  });
  return range;
}

}  // namespace

std::size_t Plot::numbers() const { return x_ticks.size() - (x_apart ? 1 : 0); }

void fit_y_range(Plot& plot) {
  Range wide;
  for_each_point(plot, [&](const PlotPoint& point) {
    wide.include(point.mean - point.half_width.value_or(0));
    wide.include(point.mean + point.half_width.value_or(0));
  });
  auto [low, high] = range_of_dots(plot);
  if (!(low <= high)) return;
  if (plot.y_scale == Scale::logarithmic) {
    plot.y_low = low / 1.1;
    plot.y_high = high * 1.1;
    return;
  }
  if (plot.around_zero) {
    low = std::min(low, 0.0);
    high = std::max(high, 0.0);
  }
  if (high - low < 1e-9) {
    const double around = 0.01 * std::max(std::abs(high), 1.0);
    low -= around;
    high += around;
  }
  const double room = high - low;
  plot.y_low = std::min(low - 0.05 * room, std::max(wide.low, low - 0.25 * room));
  plot.y_high = std::max(high + 0.05 * room, std::min(wide.high, high + 0.25 * room));
}

bool wants_logarithm(const Plot& plot) {
  const auto [low, high] = range_of_dots(plot);
  return low > 0 && high / low >= 4;
}

std::vector<Tick> y_ticks(double low, double high, Scale scale) {
  std::vector<Tick> ticks;
  if (scale == Scale::logarithmic) {
    for (int decade = static_cast<int>(std::floor(std::log10(low))); decade <= std::log10(high); ++decade) {
      for (double digit : {1.0, 2.0, 5.0}) {
        const double value = decade < 0 ? digit / std::pow(10.0, -decade) : digit * std::pow(10.0, decade);
        if (value >= low && value <= high) ticks.push_back({shortest(value), value});
      }
    }
    return ticks;
  }
  const double rough = (high - low) / 5, power = std::pow(10.0, std::floor(std::log10(rough)));
  const double digit = rough / power <= 1 ? 1 : rough / power <= 2 ? 2 : rough / power <= 5 ? 5 : 10;
  const double step = digit * power;
  const int digits = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  for (double i = std::ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; ++i)
    ticks.push_back({fixed(i == 0 ? 0.0 : i * step, digits), i * step});
  return ticks;
}

}  // namespace titrate::page
