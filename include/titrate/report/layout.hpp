// Which axis goes where, in every table and chart: one along x (rows), one as lines (columns), the rest as
// panels (blocks).
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "titrate/report/summary.hpp"

namespace titrate::report {

inline constexpr std::size_t kSeriesColours = 7;  // but for the neutral one of a baseline

struct Panel {
  std::string title{};  // empty where there is but one
  std::vector<std::vector<std::optional<std::size_t>>>
      cells{};  // [series][x]: index of a cell, where there is one
};

struct Layout {
  // Dimension: the synthetic ratio where it has more levels than there are colours, else the size, else the
  // first numeric one, else the first.
  std::optional<std::size_t> x{};
  std::optional<std::size_t>
      series{};                 // dimension: the synthetic ratio, else the first that is no noise level
  std::vector<Panel> panels{};  // the product of the levels of all other dimensions
};

struct Column {
  std::string label{};
  std::vector<std::optional<std::size_t>> cells{};  // by x, those that show something
};

// Whether the first level of the dimension is the arm that the others are compared with.
bool has_baseline(const Dimension& dimension);

Layout lay_out(const study::Study& study, const Summary& summary);

// Titles of the rows and columns; one of each at least.
std::vector<std::string> x_labels(const Summary& summary, const Layout& layout);
std::vector<std::string> series_labels(const Summary& summary, const Layout& layout);

// The series of a panel, but for those with no cell to show. Where there are no series `only` names the one
// column.
std::vector<Column> columns_of(const Summary& summary, const Layout& layout, const Panel& panel,
                               const std::string& only, const std::function<bool(std::size_t)>& shows);

// The gain of a cell, null where it has none.
const Gain* gain_of(const Summary& summary, std::size_t cell);

}  // namespace titrate::report
