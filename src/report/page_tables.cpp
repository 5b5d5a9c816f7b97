#include <algorithm>
#include <functional>

#include "page.hpp"
#include "titrate/core/text.hpp"
#include "titrate/report/markup.hpp"
#include "titrate/report/words.hpp"

namespace titrate::report {
namespace {

struct Square {
  std::string style{}, html{};
};

using SquareOf = std::function<Square(std::size_t cell)>;  // no html: nothing to show

constexpr std::size_t kColumnsSideBySide = 3;

// A minus sign as wide as the plus.
std::string signed_number(double value, int digits) {
  const std::string text = fixed(value, digits);
  return text.front() == '-' ? "−" + text.substr(1) : "+" + text;
}

std::string plain_number(double value, int digits) {
  const std::string text = fixed(value, digits);
  return text.front() == '-' ? "−" + text.substr(1) : text;
}

std::size_t usual_seeds(const Summary& summary) {
  std::size_t most = 0;
  for (const Cell& cell : summary.cells) most = std::max(most, cell.seeds.size());
  return most;
}

std::string seeds_note(std::size_t seeds, std::size_t usual) {
  return seeds == usual ? "" : "<br><small>" + counted(seeds, "seed") + "</small>";
}

std::string header_rows(const sweep::Study& study, const Summary& summary, const Layout& layout,
                        const std::vector<std::string>& columns) {
  std::string html = "<thead>";
  if (layout.series) {
    html += "<tr><th></th><th colspan=\"" + std::to_string(columns.size()) + "\">" +
            escape(axis_label(study, summary.dimensions[*layout.series].key)) + "</th></tr>";
  }
  html +=
      "<tr><th>" + (layout.x ? escape(axis_label(study, summary.dimensions[*layout.x].key)) : "") + "</th>";
  for (const std::string& column : columns) html += "<th>" + escape(column) + "</th>";
  return html + "</tr></thead>";
}

std::string table_of(const sweep::Study& study, const Summary& summary, const Layout& layout,
                     const Panel& panel, const std::string& only_column, const SquareOf& square_of) {
  const std::vector<std::string> rows = x_labels(summary, layout), labels = series_labels(summary, layout);
  std::vector<std::string> columns;
  std::vector<std::vector<Square>> squares;  // [column][row]
  for (std::size_t s = 0; s < labels.size(); ++s) {
    std::vector<Square> column;
    for (const auto& cell : panel.cells[s]) column.push_back(cell ? square_of(*cell) : Square{});
    if (std::all_of(column.begin(), column.end(), [](const Square& square) { return square.html.empty(); }))
      continue;
    columns.push_back(layout.series ? labels[s] : only_column);
    squares.push_back(std::move(column));
  }
  const bool names = layout.x && !summary.dimensions[*layout.x].numeric();
  std::string html = panel.title.empty() ? "<div>" : "<div><h3>" + escape(panel.title) + "</h3>";
  html += std::string("<div class=\"scroll\"><table") + (names ? " class=\"names\">" : ">") +
          header_rows(study, summary, layout, columns) + "<tbody>";
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const bool empty = std::all_of(squares.begin(), squares.end(),
                                   [&](const auto& column) { return column[r].html.empty(); });
    if (empty) continue;
    html += "<tr><td>" + escape(rows[r]) + "</td>";
    for (const auto& column : squares)
      html += "<td class=\"" + column[r].style + "\">" + column[r].html + "</td>";
    html += "</tr>";
  }
  return html + "</tbody></table></div></div>";
}

std::string tables(const sweep::Study& study, const Summary& summary, const Layout& layout,
                   const std::string& only_column, const SquareOf& square_of) {
  const bool wide = series_labels(summary, layout).size() > kColumnsSideBySide;
  std::string html = wide ? "<div class=\"grid narrow\">" : "<div class=\"grid\">";
  for (const Panel& panel : layout.panels)
    html += table_of(study, summary, layout, panel, only_column, square_of);
  return html + "</div>";
}

}  // namespace

std::string result_tables(const sweep::Study& study, const Summary& summary, const Layout& layout) {
  const std::size_t usual = usual_seeds(summary);
  return tables(study, summary, layout, "test accuracy, %", [&](std::size_t index) -> Square {
    const Cell& cell = summary.cells[index];
    if (cell.accuracy.n == 0) return {.html = "<small>none</small>"};
    std::string html = fixed(100 * cell.accuracy.mean, 2);
    if (cell.accuracy.has_interval())
      html += " <small>±&nbsp;" + fixed(100 * cell.accuracy.half_width, 2) + "</small>";
    return {.html = html + seeds_note(cell.accuracy.n, usual)};
  });
}

std::string gain_tables(const sweep::Study& study, const Summary& summary, const Layout& layout) {
  const std::size_t usual = usual_seeds(summary);
  return tables(study, summary, layout, "change, points", [&](std::size_t index) -> Square {
    const Gain* gain = gain_of(summary, index);
    if (gain == nullptr) return {};
    if (gain->accuracy.n == 0) return {.html = "<small>none</small>"};
    const bool helps = gain->verdict == Verdict::help, hurts = gain->verdict == Verdict::hurt;
    std::string html = "<b>" + signed_number(100 * gain->accuracy.mean, 2) + "</b>";
    if (helps) html += " helps";
    if (hurts) html += " hurts";
    if (gain->accuracy.has_interval()) {
      html += "<br><small>" + plain_number(100 * gain->accuracy.low(), 2) + " to " +
              plain_number(100 * gain->accuracy.high(), 2) + "</small>";
    }
    html += seeds_note(gain->accuracy.n, usual);
    return {.style = helps ? "help" : hurts ? "hurt" : "", .html = html};
  });
}

}  // namespace titrate::report
