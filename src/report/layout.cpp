#include "layout.hpp"

#include <algorithm>
#include <map>

#include "labels.hpp"
#include "titrate/core/text.hpp"
#include "titrate/page/chart.hpp"

namespace titrate::report {
namespace {

using Index = std::optional<std::size_t>;  // of a dimension, or of a level

// Whether every level of the dimension can have its own colour: a baseline takes the neutral one.
bool fits_series(const Dimension& dimension, bool with_baseline) {
  return dimension.levels.size() <= page::kSeriesColours + (with_baseline ? 1 : 0);
}

Index choose_x(const Summary& summary, Index compared) {
  if (compared && !fits_series(summary.dimensions[*compared], true)) return compared;
  if (const auto size = summary.dimension("data.size")) return size;
  for (std::size_t d = 0; d < summary.dimensions.size(); ++d) {
    if (summary.dimensions[d].numeric() && d != compared) return d;
  }
  if (compared) return compared;
  return summary.dimensions.empty() ? std::nullopt : Index(0);
}

Index choose_series(const Summary& summary, Index compared, Index x) {
  if (compared && compared != x) return compared;
  for (std::size_t d = 0; d < summary.dimensions.size(); ++d) {
    const Dimension& dimension = summary.dimensions[d];
    const bool noise = dimension.key == "data.noise_level" || dimension.key == kTestNoise;
    if (d != x && !noise && fits_series(dimension, false)) return d;
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

Layout lay_out(const Summary& summary, const study::Comparison* compared) {
  const Index axis = compared == nullptr ? std::nullopt : summary.dimension(compared->axis);
  Layout layout;
  layout.x = choose_x(summary, axis);
  layout.series = choose_series(summary, axis, layout.x);
  if (axis && layout.series == axis)
    layout.baseline = summary.cells[compared->pairs.front().baseline].place[*axis];
  std::map<std::vector<std::size_t>, Panel> panels;
  for (std::size_t i = 0; i < summary.cells.size(); ++i) {
    const std::vector<std::size_t>& place = summary.cells[i].place;
    std::vector<std::size_t> rest;
    std::vector<std::string> titles;
    for (std::size_t d = 0; d < place.size(); ++d) {
      if (d == layout.x || d == layout.series) continue;
      const Dimension& dimension = summary.dimensions[d];
      rest.push_back(place[d]);
      titles.push_back(level_phrase(dimension, summary.cells[i]));
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

const study::Pair* pair_of(const study::Comparison& comparison, std::size_t cell) {
  const auto pair = std::lower_bound(
      comparison.pairs.begin(), comparison.pairs.end(), cell,
      [](const study::Pair& candidate, std::size_t wanted) { return candidate.cell < wanted; });
  return pair == comparison.pairs.end() || pair->cell != cell ? nullptr : &*pair;
}

}  // namespace titrate::report
