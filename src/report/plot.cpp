#include "plot.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "comparison_text.hpp"
#include "labels.hpp"
#include "titrate/core/text.hpp"
#include "titrate/study/network.hpp"

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
void place_all(const Summary& summary, page::Plot& plot) {
  page::Tick& all = plot.x_ticks.back();
  const double before = plot.x_ticks[plot.x_ticks.size() - 2].value;
  const std::optional<double> images = all_images(summary);
  plot.x_apart = !images || *images <= before;
  if (plot.x_apart) return;
  all.value = *images;
  plot.x_label += " (all: " + with_commas(static_cast<unsigned long long>(*images)) + ")";
}

void set_x_axis(const study::Study& study, const Summary& summary, const Layout& layout, page::Plot& plot) {
  if (!layout.x) {
    plot.x_ticks = {{study::network_text(summary.cells.front().settings), 0}};
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
  plot.x_scale = low > 0 && high / low >= 10 ? page::Scale::logarithmic : page::Scale::linear;
  if (plot.x_scale == page::Scale::logarithmic) plot.x_label += ", log scale";
}

std::string series_label(const study::Study& study, const Summary& summary, const Layout& layout,
                         std::size_t s) {
  if (!layout.series) return "";
  const Dimension& dimension = summary.dimensions[*layout.series];
  const Level& level = dimension.levels[s];
  if (dimension.key != "data.synthetic_ratio") return level_label(dimension, level);
  if (level.number == 0.0) return "no synthetic";
  return replaces(study) ? shortest(100 * *level.number) + " % synthetic" : level.text + " per real";
}

// The baseline is grey, so that colour means treatment.
std::size_t series_colour(const Layout& layout, std::size_t s) {
  if (!layout.series) return 1;
  if (!layout.baseline || s < *layout.baseline) return s + 1;
  return s == *layout.baseline ? 0 : s;
}

using PointOf = std::function<std::optional<page::PlotPoint>(std::size_t cell)>;

void add_panels(const study::Study& study, const Summary& summary, const Layout& layout,
                const PointOf& point_of, page::Plot& plot) {
  for (const Panel& panel : layout.panels) {
    page::PlotPanel drawn{.title = panel.title};
    for (std::size_t s = 0; s < panel.cells.size(); ++s) {
      page::PlotSeries series{.label = series_label(study, summary, layout, s),
                              .colour = series_colour(layout, s)};
      for (std::size_t x = 0; x < panel.cells[s].size(); ++x) {
        if (!panel.cells[s][x]) continue;
        std::optional<page::PlotPoint> point = point_of(*panel.cells[s][x]);
        if (!point || !std::isfinite(point->mean)) continue;
        point->x = x;
        series.points.push_back(std::move(*point));
      }
      if (!series.points.empty()) drawn.series.push_back(std::move(series));
    }
    plot.panels.push_back(std::move(drawn));
  }
}

PointOf metric_point(const Summary& summary, std::size_t m) {
  const study::Metric& metric = study::metrics()[m];
  return [=, &summary](std::size_t index) -> std::optional<page::PlotPoint> {
    const Cell& cell = summary.cells[index];
    const study::Estimate& mean = cell.metrics[m];
    if (mean.n == 0) return std::nullopt;
    const double unit = metric.percent() ? 100 : 1;
    page::PlotPoint point{.mean = unit * mean.mean};
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

}  // namespace

page::Plot metric_plot(const study::Study& study, const Summary& summary, const Layout& layout,
                       std::size_t m) {
  const study::Metric& metric = study::metrics()[m];
  const std::string unit = metric.unit;
  page::Plot plot{.title = capitalised(metric.label), .y_label = metric.label};
  if (!unit.empty()) plot.y_label += metric.percent() ? ", %" : " (" + unit + ")";
  set_x_axis(study, summary, layout, plot);
  add_panels(study, summary, layout, metric_point(summary, m), plot);
  if (!metric.percent() && page::wants_logarithm(plot)) {
    plot.y_scale = page::Scale::logarithmic;
    plot.y_label += ", log scale";
  }
  page::fit_y_range(plot);
  if (metric.percent()) {
    plot.y_high = std::min(plot.y_high, 100.0);
    plot.y_low = std::max(plot.y_low, 0.0);
  }
  return plot;
}

page::Plot comparison_plot(const study::Study& study, const Summary& summary, const Layout& layout,
                           const study::Comparison& comparison) {
  const ComparisonWords words = words_of(summary, comparison);
  page::Plot plot{
      .title = words.chart_title, .y_label = "change in test accuracy, points", .around_zero = true};
  set_x_axis(study, summary, layout, plot);
  const auto point_of = [&](std::size_t cell) -> std::optional<page::PlotPoint> {
    const study::Pair* pair = pair_of(comparison, cell);
    if (pair == nullptr || pair->accuracy.n == 0) return std::nullopt;
    page::PlotPoint point{.mean = 100 * pair->accuracy.mean};
    if (pair->accuracy.has_interval()) point.half_width = 100 * pair->accuracy.half_width;
    point.title = "mean change " + fixed(point.mean, 2) + ", " + counted(pair->accuracy.n, "seed") + ": " +
                  verdict_text(words, pair->verdict);
    for (const study::SeedValue& difference : pair->differences) {
      point.dots.push_back({100 * difference.value, "seed " + std::to_string(difference.seed) + ": " +
                                                        fixed(100 * difference.value, 2)});
    }
    return point;
  };
  add_panels(study, summary, layout, point_of, plot);
  page::fit_y_range(plot);
  return plot;
}

}  // namespace titrate::report
