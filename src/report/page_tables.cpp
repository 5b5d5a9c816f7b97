#include <algorithm>
#include <functional>

#include "page.hpp"
#include "titrate/core/text.hpp"
#include "titrate/report/labels.hpp"
#include "titrate/report/markup.hpp"

namespace titrate::report {
namespace {

struct Square {
  std::string style{}, html{};
};

using SquareOf = std::function<Square(std::size_t cell)>;

constexpr std::size_t kColumnsSideBySide = 3;

// A minus sign as wide as the plus.
std::string with_minus(const std::string& number) {
  return number.front() == '-' ? "−" + number.substr(1) : number;
}

std::string seeds_note(std::size_t seeds, std::size_t usual) {
  return seeds == usual ? "" : "<br><small>" + counted(seeds, "seed") + "</small>";
}

std::string header_rows(const study::Study& study, const Summary& summary, const Layout& layout,
                        const std::vector<Column>& columns) {
  std::string html = "<thead>";
  if (layout.series) {
    html += "<tr><th></th><th colspan=\"" + std::to_string(columns.size()) + "\">" +
            escape(axis_label(study, summary.dimensions[*layout.series].key)) + "</th></tr>";
  }
  html +=
      "<tr><th>" + (layout.x ? escape(axis_label(study, summary.dimensions[*layout.x].key)) : "") + "</th>";
  for (const Column& column : columns) html += "<th>" + escape(column.label) + "</th>";
  return html + "</tr></thead>";
}

std::string table_of(const study::Study& study, const Summary& summary, const Layout& layout,
                     const std::string& title, const std::vector<Column>& columns,
                     const SquareOf& square_of) {
  const std::vector<std::string> rows = x_labels(summary, layout);
  const bool names = layout.x && !summary.dimensions[*layout.x].numeric();
  std::string html = title.empty() ? "<div>" : "<div><h3>" + escape(title) + "</h3>";
  html += std::string("<div class=\"scroll\"><table") + (names ? " class=\"names\">" : ">") +
          header_rows(study, summary, layout, columns) + "<tbody>";
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (std::none_of(columns.begin(), columns.end(), [&](const Column& c) { return c.cells[r].has_value(); }))
      continue;
    html += "<tr><td>" + escape(rows[r]) + "</td>";
    for (const Column& column : columns) {
      const Square square = column.cells[r] ? square_of(*column.cells[r]) : Square{};
      html += "<td class=\"" + square.style + "\">" + square.html + "</td>";
    }
    html += "</tr>";
  }
  return html + "</tbody></table></div></div>";
}

std::string tables(const study::Study& study, const Summary& summary, const Layout& layout,
                   const std::string& only, const std::function<bool(std::size_t)>& shows,
                   const SquareOf& square_of) {
  const bool wide = series_labels(summary, layout).size() > kColumnsSideBySide;
  std::string html = wide ? "<div class=\"grid narrow\">" : "<div class=\"grid\">";
  for (const Panel& panel : layout.panels) {
    html += table_of(study, summary, layout, panel.title, columns_of(summary, layout, panel, only, shows),
                     square_of);
  }
  return html + "</div>";
}

}  // namespace

std::string result_tables(const study::Study& study, const Summary& summary, const Layout& layout,
                          std::size_t m) {
  const study::Metric& metric = study::metrics()[m];
  const std::size_t usual = summary.usual_seeds();
  const double unit = metric.percent() ? 100 : 1;
  const auto all = [](std::size_t) { return true; };
  return tables(study, summary, layout, std::string(metric.label) + (metric.percent() ? ", %" : ""), all,
                [&](std::size_t index) -> Square {
                  const study::Estimate& mean = summary.cells[index].metrics[m];
                  if (mean.n == 0) return {.html = "<small>none</small>"};
                  std::string html = fixed(unit * mean.mean, metric.digits);
                  if (mean.has_interval()) {
                    html += " <small class=\"half\">±&nbsp;" + fixed(unit * mean.half_width, metric.digits) +
                            "</small>";
                  }
                  return {.html = html + seeds_note(mean.n, usual)};
                });
}

std::string gain_tables(const study::Study& study, const Summary& summary, const Layout& layout) {
  const std::size_t usual = summary.usual_seeds();
  const auto compared = [&](std::size_t index) { return gain_of(summary, index) != nullptr; };
  return tables(study, summary, layout, "change, points", compared, [&](std::size_t index) -> Square {
    const Gain* gain = gain_of(summary, index);
    if (gain->accuracy.n == 0) return {.html = "<small>none</small>"};
    const bool helps = gain->verdict == Verdict::help, hurts = gain->verdict == Verdict::hurt;
    std::string html = "<b>" + with_minus(signed_fixed(100 * gain->accuracy.mean, 2)) + "</b>";
    if (helps) html += " helps";
    if (hurts) html += " hurts";
    if (gain->accuracy.has_interval()) {
      html += "<br><small>" + with_minus(fixed(100 * gain->accuracy.low(), 2)) + " to " +
              with_minus(fixed(100 * gain->accuracy.high(), 2)) + "</small>";
    }
    html += seeds_note(gain->accuracy.n, usual);
    return {.style = helps ? "help" : hurts ? "hurt" : "", .html = html};
  });
}

}  // namespace titrate::report
