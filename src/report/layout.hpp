// Which axis goes where, in every table and chart: one along x (rows), one as lines (columns), the rest as
// panels (blocks). What is compared stands side by side.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "summary.hpp"

namespace titrate::report {

struct Panel {
  std::string title{};  // empty where there is but one
  std::vector<std::vector<std::optional<std::size_t>>>
      cells{};  // [series][x]: index of a cell, where there is one
};

struct Layout {
  // Dimension: the compared one where it has more levels than there are colours, else the size, else the
  // first numeric one, else the first.
  std::optional<std::size_t> x{};
  std::optional<std::size_t> series{};  // dimension: the compared one, else the first that is no noise level
  std::optional<std::size_t> baseline{};  // the level of the series that the others are compared with
  std::vector<Panel> panels{};            // the product of the levels of all other dimensions
};

struct Column {
  std::string label{};
  std::vector<std::optional<std::size_t>> cells{};  // by x, those that show something
};

// `compared` may be null.
Layout lay_out(const Summary& summary, const study::Comparison* compared);

// Titles of the rows and columns; one of each at least.
std::vector<std::string> x_labels(const Summary& summary, const Layout& layout);
std::vector<std::string> series_labels(const Summary& summary, const Layout& layout);

// The series of a panel, but for those with no cell to show. Where there are no series `only` names the one
// column.
std::vector<Column> columns_of(const Summary& summary, const Layout& layout, const Panel& panel,
                               const std::string& only, const std::function<bool(std::size_t)>& shows);

// The pair in which the cell is compared with a baseline, null where there is none.
const study::Pair* pair_of(const study::Comparison& comparison, std::size_t cell);

}  // namespace titrate::report
