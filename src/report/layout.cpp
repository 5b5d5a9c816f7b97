#include "titrate/report/layout.hpp"

#include <algorithm>
#include <map>

#include "titrate/core/text.hpp"
#include "titrate/report/labels.hpp"

namespace titrate::report {
namespace {

// Whether every level of the dimension can have its own colour.
bool fits_series(const Dimension& dimension) {
  return dimension.levels.size() <= kSeriesColours + (has_baseline(dimension) ? 1 : 0);
}

std::optional<std::size_t> choose_x(const Summary& summary) {
  const auto ratio = summary.dimension("data.synthetic_ratio");
  if (ratio && !fits_series(summary.dimensions[*ratio])) return ratio;
  if (const auto size = summary.dimension("data.size")) return size;
  for (std::size_t d = 0; d < summary.dimensions.size(); ++d) {
    if (summary.dimensions[d].numeric() && d != ratio) return d;
  }
  if (ratio) return ratio;
  return summary.dimensions.empty() ? std::nullopt : std::optional<std::size_t>(0);
}

std::optional<std::size_t> choose_series(const Summary& summary, std::optional<std::size_t> x) {
  const auto ratio = summary.dimension("data.synthetic_ratio");
  if (ratio && ratio != x) return ratio;
  for (std::size_t d = 0; d < summary.dimensions.size(); ++d) {
    const Dimension& dimension = summary.dimensions[d];
    const bool noise = dimension.key == "data.noise_level" || dimension.key == kTestNoise;
    if (d != x && !noise && fits_series(dimension)) return d;
  }
  return std::nullopt;
}

std::size_t levels_of(const Summary& summary, std::optional<std::size_t> dimension) {
  return dimension ? summary.dimensions[*dimension].levels.size() : 1;
}

std::vector<std::string> labels_of(const Summary& summary, std::optional<std::size_t> dimension) {
  if (!dimension) return {""};
  std::vector<std::string> labels;
  for (const Level& level : summary.dimensions[*dimension].levels)
    labels.push_back(level_label(summary.dimensions[*dimension], level));
  return labels;
}

}  // namespace

bool has_baseline(const Dimension& dimension) {
  return dimension.key == "data.synthetic_ratio" && dimension.levels.front().number == 0.0;
}

Layout lay_out(const study::Study& study, const Summary& summary) {
  Layout layout;
  layout.x = choose_x(summary);
  layout.series = choose_series(summary, layout.x);
  std::map<std::vector<std::size_t>, Panel> panels;
  for (std::size_t i = 0; i < summary.cells.size(); ++i) {
    const std::vector<std::size_t>& place = summary.cells[i].place;
    std::vector<std::size_t> rest;
    std::vector<std::string> titles;
    for (std::size_t d = 0; d < place.size(); ++d) {
      if (d == layout.x || d == layout.series) continue;
      const Dimension& dimension = summary.dimensions[d];
      rest.push_back(place[d]);
      titles.push_back(level_phrase(study, dimension, dimension.levels[place[d]]));
    }
    Panel& panel = panels[rest];
    if (panel.cells.empty()) {
      panel.title = join(titles, ", ");
      panel.cells.assign(levels_of(summary, layout.series),
                         std::vector<std::optional<std::size_t>>(levels_of(summary, layout.x)));
    }
    panel.cells[layout.series ? place[*layout.series] : 0][layout.x ? place[*layout.x] : 0] = i;
  }
  for (auto& [rest, panel] : panels) layout.panels.push_back(std::move(panel));
  return layout;
}

std::vector<std::string> x_labels(const Summary& summary, const Layout& layout) {
  return labels_of(summary, layout.x);
}

std::vector<std::string> series_labels(const Summary& summary, const Layout& layout) {
  return labels_of(summary, layout.series);
}

std::vector<Column> columns_of(const Summary& summary, const Layout& layout, const Panel& panel,
                               const std::string& only, const std::function<bool(std::size_t)>& shows) {
  const std::vector<std::string> labels = series_labels(summary, layout);
  std::vector<Column> columns;
  for (std::size_t s = 0; s < labels.size(); ++s) {
    Column column{.label = layout.series ? labels[s] : only, .cells = panel.cells[s]};
    bool any = false;
    for (auto& cell : column.cells) {
      if (cell && !shows(*cell)) cell.reset();
      any = any || cell.has_value();
    }
    if (any) columns.push_back(std::move(column));
  }
  return columns;
}

const Gain* gain_of(const Summary& summary, std::size_t cell) {
  const auto gain =
      std::lower_bound(summary.gains.begin(), summary.gains.end(), cell,
                       [](const Gain& candidate, std::size_t wanted) { return candidate.cell < wanted; });
  return gain == summary.gains.end() || gain->cell != cell ? nullptr : &*gain;
}

}  // namespace titrate::report
