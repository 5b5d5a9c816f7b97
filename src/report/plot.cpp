#include "titrate/report/plot.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "titrate/core/text.hpp"
#include "titrate/report/labels.hpp"

namespace titrate::report {
namespace {

std::string short_count(double value) {
  if (value >= 1e6 && std::fmod(value, 1e5) == 0) return shortest(value / 1e6) + "M";
  if (value >= 1e3 && std::fmod(value, 100) == 0) return shortest(value / 1e3) + "k";
  return shortest(value);
}

// The images that "all" stands for, where a cell was trained on just those and no other says otherwise.
std::optional<double> all_images(const Summary& summary) {
  std::optional<double> images;
  for (const Cell& cell : summary.cells) {
    const study::Settings& settings = cell.settings;
    const bool just_those = settings.data.size == 0 && settings.data.synthetic_ratio == 0 &&
                            settings.data.augmented_copies == 0 && settings.train.validation_fraction == 0;
    if (!just_those || cell.train_images.n == 0) continue;
    if (images && *images != cell.train_images.mean) return std::nullopt;
    images = cell.train_images.mean;
  }
  return images;
}

// "all" is the last size and has no number of its own: it gets its place on the axis where that is known to
// be beyond the others, else one apart from it.
void place_all(const Summary& summary, Plot& plot) {
  Tick& all = plot.x_ticks.back();
  const double before = plot.x_ticks[plot.x_ticks.size() - 2].value;
  const std::optional<double> images = all_images(summary);
  plot.x_apart = !images || *images <= before;
  if (plot.x_apart) return;
  all.value = *images;
  plot.x_label += " (all: " + with_commas(static_cast<unsigned long long>(*images)) + ")";
}

void set_x_axis(const study::Study& study, const Summary& summary, const Layout& layout, Plot& plot) {
  if (!layout.x) {
    plot.x_ticks = {{network_text(study.base), 0}};
    return;
  }
  const Dimension& dimension = summary.dimensions[*layout.x];
  for (const Level& level : dimension.levels) {
    const bool count = dimension.key == "data.size" && level.number != 0.0;
    plot.x_ticks.push_back(
        {count ? short_count(*level.number) : level_label(dimension, level), level.number.value_or(0)});
  }
  plot.x_label = axis_label(study, dimension.key);
  plot.connected = dimension.numeric();
  if (!plot.connected) return;
  if (dimension.key == "data.size" && dimension.levels.back().number == 0.0) place_all(summary, plot);
  if (plot.numbers() < 2) {
    plot.x_apart = false;  // there is no axis to be apart from
    return;
  }
  const double low = plot.x_ticks.front().value, high = plot.x_ticks[plot.numbers() - 1].value;
  plot.x_scale = low > 0 && high / low >= 10 ? Scale::logarithmic : Scale::linear;
  if (plot.x_scale == Scale::logarithmic) plot.x_label += ", log scale";
}

std::string series_label(const study::Study& study, const Summary& summary, const Layout& layout,
                         std::size_t s) {
  if (!layout.series) return "";
  const Dimension& dimension = summary.dimensions[*layout.series];
  const Level& level = dimension.levels[s];
  if (dimension.key != "data.synthetic_ratio") return level_label(dimension, level);
  if (level.number == 0.0) return "no synthetic";
  return study.base.data.mode == data::MixMode::replace ? level_phrase(study, dimension, level)
                                                        : level.text + " per real";
}

// The arm without synthetic images is grey, so that colour means synthetic.
std::size_t series_colour(const Summary& summary, const Layout& layout, std::size_t s) {
  if (!layout.series) return 1;
  const Dimension& dimension = summary.dimensions[*layout.series];
  return has_baseline(dimension) ? s : s + 1;
}

using PointOf = std::function<std::optional<PlotPoint>(std::size_t cell)>;

void add_panels(const study::Study& study, const Summary& summary, const Layout& layout,
                const PointOf& point_of, Plot& plot) {
  for (const Panel& panel : layout.panels) {
    PlotPanel drawn{.title = panel.title};
    for (std::size_t s = 0; s < panel.cells.size(); ++s) {
      PlotSeries series{.label = series_label(study, summary, layout, s),
                        .colour = series_colour(summary, layout, s)};
      for (std::size_t x = 0; x < panel.cells[s].size(); ++x) {
        if (!panel.cells[s][x]) continue;
        std::optional<PlotPoint> point = point_of(*panel.cells[s][x]);
        if (!point || !std::isfinite(point->mean)) continue;
        point->x = x;
        series.points.push_back(std::move(*point));
      }
      if (!series.points.empty()) drawn.series.push_back(std::move(series));
    }
    plot.panels.push_back(std::move(drawn));
  }
}

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

// The range of what was seen. An interval may reach out of it, by a quarter at most: with two seeds it is so
// wide that it would hide the rest.
void set_y_range(Plot& plot) {
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

PointOf metric_point(const Summary& summary, std::size_t m) {
  const study::Metric& metric = study::metrics()[m];
  return [=, &summary](std::size_t index) -> std::optional<PlotPoint> {
    const Cell& cell = summary.cells[index];
    const study::Estimate& mean = cell.metrics[m];
    if (mean.n == 0) return std::nullopt;
    const double unit = metric.percent() ? 100 : 1;
    PlotPoint point{.mean = unit * mean.mean};
    if (mean.has_interval()) point.half_width = unit * mean.half_width;
    point.title = "mean " + fixed(point.mean, metric.digits);
    if (mean.has_interval()) point.title += " ± " + fixed(*point.half_width, metric.digits);
    point.title += ", " + counted(mean.n, "seed");
    for (const SeedResult& result : cell.seeds) {
      const double y = unit * result.metrics[m];
      if (std::isfinite(y))
        point.dots.push_back({y, "seed " + std::to_string(result.seed) + ": " + fixed(y, metric.digits)});
    }
    return point;
  };
}

bool wants_logarithm(const Plot& plot) {
  const auto [low, high] = range_of_dots(plot);
  return low > 0 && high / low >= 4;
}

}  // namespace

std::size_t Plot::numbers() const { return x_ticks.size() - (x_apart ? 1 : 0); }

Plot metric_plot(const study::Study& study, const Summary& summary, const Layout& layout, std::size_t m) {
  const study::Metric& metric = study::metrics()[m];
  const std::string unit = metric.unit;
  Plot plot{.title = capitalised(metric.label), .y_label = metric.label};
  if (!unit.empty()) plot.y_label += metric.percent() ? ", %" : " (" + unit + ")";
  set_x_axis(study, summary, layout, plot);
  add_panels(study, summary, layout, metric_point(summary, m), plot);
  if (!metric.percent() && wants_logarithm(plot)) {
    plot.y_scale = Scale::logarithmic;
    plot.y_label += ", log scale";
  }
  set_y_range(plot);
  if (metric.percent()) {
    plot.y_high = std::min(plot.y_high, 100.0);
    plot.y_low = std::max(plot.y_low, 0.0);
  }
  return plot;
}

Plot gain_plot(const study::Study& study, const Summary& summary, const Layout& layout) {
  Plot plot{.title = "What the synthetic images changed",
            .y_label = "change in test accuracy, points",
            .around_zero = true};
  set_x_axis(study, summary, layout, plot);
  const auto point_of = [&](std::size_t cell) -> std::optional<PlotPoint> {
    const Gain* gain = gain_of(summary, cell);
    if (gain == nullptr || gain->accuracy.n == 0) return std::nullopt;
    PlotPoint point{.mean = 100 * gain->accuracy.mean};
    if (gain->accuracy.has_interval()) point.half_width = 100 * gain->accuracy.half_width;
    point.title = "mean change " + fixed(point.mean, 2) + ", " + counted(gain->accuracy.n, "seed") + ": " +
                  to_text(gain->verdict);
    for (const study::SeedValue& difference : gain->differences) {
      point.dots.push_back({100 * difference.value, "seed " + std::to_string(difference.seed) + ": " +
                                                        fixed(100 * difference.value, 2)});
    }
    return point;
  };
  add_panels(study, summary, layout, point_of, plot);
  set_y_range(plot);
  return plot;
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

}  // namespace titrate::report
