#include <cmath>
#include <functional>

#include "comparison_text.hpp"
#include "labels.hpp"
#include "page.hpp"
#include "titrate/core/text.hpp"
#include "titrate/page/table.hpp"

namespace titrate::report {
namespace {

using SquareOf = std::function<page::TableSquare(std::size_t cell)>;

constexpr std::size_t kColumnsSideBySide = 3;

// A minus sign as wide as the plus.
std::string with_minus(const std::string& number) {
  return number.front() == '-' ? "−" + number.substr(1) : number;
}

std::string seeds_note(std::size_t seeds, std::size_t usual) {
  return seeds == usual ? "" : "<br><small>" + counted(seeds, "seed") + "</small>";
}

std::string label_of(const study::Study& study, const Summary& summary,
                     std::optional<std::size_t> dimension) {
  return dimension ? axis_label(study, summary.dimensions[*dimension].key) : "";
}

// Rows are the levels of x, columns the series; a row with nothing to show is left out.
page::Table table_of(const Summary& summary, const Layout& layout, const std::vector<Column>& columns,
                     const SquareOf& square_of) {
  page::Table table;
  for (const Column& column : columns) table.columns.push_back(column.label);
  const std::vector<std::string> labels = x_labels(summary, layout);
  for (std::size_t r = 0; r < labels.size(); ++r) {
    page::TableRow row{.label = labels[r]};
    bool any = false;
    for (const Column& column : columns) {
      any = any || column.cells[r].has_value();
      row.squares.push_back(column.cells[r] ? square_of(*column.cells[r]) : page::TableSquare{});
    }
    if (any) table.rows.push_back(std::move(row));
  }
  return table;
}

// One for each panel.
std::string tables(const study::Study& study, const Summary& summary, const Layout& layout,
                   const std::string& only, const std::function<bool(std::size_t)>& shows,
                   const SquareOf& square_of) {
  std::vector<page::Table> tables;
  for (const Panel& panel : layout.panels) {
    page::Table table = table_of(summary, layout, columns_of(summary, layout, panel, only, shows), square_of);
    table.title = panel.title;
    table.corner = label_of(study, summary, layout.x);
    table.columns_title = label_of(study, summary, layout.series);
    table.names = layout.x && !summary.dimensions[*layout.x].numeric();
    tables.push_back(std::move(table));
  }
  return page::tables_html(tables, series_labels(summary, layout).size() > kColumnsSideBySide);
}

}  // namespace

std::string result_tables(const study::Study& study, const Summary& summary, const Layout& layout,
                          std::size_t m) {
  const study::Metric& metric = study::metrics()[m];
  const std::size_t usual = summary.usual_seeds();
  const double unit = metric.percent() ? 100 : 1;
  const auto all = [](std::size_t) { return true; };
  return tables(study, summary, layout, std::string(metric.label) + (metric.percent() ? ", %" : ""), all,
                [&](std::size_t index) -> page::TableSquare {
                  const study::Estimate& mean = summary.cells[index].metrics[m];
                  if (mean.n == 0 || !std::isfinite(mean.mean)) return {.html = "<small>none</small>"};
                  std::string html = fixed(unit * mean.mean, metric.digits);
                  if (mean.has_interval()) {
                    html += " <small class=\"half\">±&nbsp;" + fixed(unit * mean.half_width, metric.digits) +
                            "</small>";
                  }
                  return {.html = html + seeds_note(mean.n, usual)};
                });
}

std::string comparison_tables(const study::Study& study, const Summary& summary, const Layout& layout,
                              const study::Comparison& comparison) {
  const std::size_t usual = summary.usual_seeds();
  const ComparisonWords words = words_of(summary, comparison);
  const auto compared = [&](std::size_t index) { return pair_of(comparison, index) != nullptr; };
  return tables(study, summary, layout, "change, points", compared,
                [&](std::size_t index) -> page::TableSquare {
                  const study::Pair* pair = pair_of(comparison, index);
                  if (pair->accuracy.n == 0) return {.html = "<small>none</small>"};
                  std::string html = "<b>" + with_minus(signed_fixed(100 * pair->accuracy.mean, 2)) + "</b>";
                  const std::string& verdict = words.verbs(pair->verdict);
                  if (!verdict.empty()) html += " " + verdict;
                  if (pair->accuracy.has_interval()) {
                    html += "<br><small>" + with_minus(fixed(100 * pair->accuracy.low(), 2)) + " to " +
                            with_minus(fixed(100 * pair->accuracy.high(), 2)) + "</small>";
                  }
                  html += seeds_note(pair->accuracy.n, usual);
                  return {.style = verdict.empty() ? "" : choice_name(pair->verdict), .html = html};
                });
}

}  // namespace titrate::report
