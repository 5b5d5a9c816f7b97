#include "titrate/report/table.hpp"

#include <algorithm>
#include <functional>

#include "titrate/core/text.hpp"
#include "titrate/report/labels.hpp"
#include "titrate/report/layout.hpp"

namespace titrate::report {
namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kLongestLabel = 24;

std::string right(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, width_of(text)), ' ') + text;
}

std::string wrapped(const std::string& text) {
  std::string result, line;
  for (const std::string& word : split(text, ' ')) {
    if (!line.empty() && width_of(line) + 1 + width_of(word) > kColumns) {
      result += line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return result + line + "\n";
}

// In %.
std::string mean_text(const study::Estimate& mean, std::size_t usual) {
  if (mean.n == 0) return "-";
  std::string text = fixed(100 * mean.mean, 2);
  if (mean.has_interval()) text += " ± " + fixed(100 * mean.half_width, 2);
  return mean.n == usual ? text : text + " (" + std::to_string(mean.n) + ")";
}

std::string gain_text(const Gain& gain, std::size_t usual) {
  if (gain.accuracy.n == 0) return "-";
  std::string text = mean_text(gain.accuracy, usual);
  if (gain.accuracy.mean >= 0) text = "+" + text;
  const bool clear = gain.verdict == Verdict::help || gain.verdict == Verdict::hurt;
  return text + " " + (clear ? to_text(gain.verdict) : "    ");
}

struct Grid {
  std::string corner{};
  std::vector<std::string> rows{}, columns{};
  std::vector<std::vector<std::string>> texts{};  // [column][row]
};

std::size_t widest(const std::vector<std::string>& texts, std::size_t least) {
  for (const std::string& text : texts) least = std::max(least, width_of(text));
  return least;
}

// As many columns beside each other as fit, then the next.
std::string draw(const Grid& grid) {
  const std::size_t first = widest(grid.rows, width_of(grid.corner));
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < grid.columns.size(); ++c)
    widths.push_back(widest(grid.texts[c], width_of(grid.columns[c])));
  std::string text;
  for (std::size_t from = 0; from < widths.size();) {
    std::size_t to = from, used = 2 + first;
    while (to < widths.size() && (to == from || used + 2 + widths[to] <= kColumns)) used += 2 + widths[to++];
    const auto line = [&](const std::string& label, const std::function<std::string(std::size_t)>& cell) {
      text += "  " + right(label, first);
      for (std::size_t c = from; c < to; ++c) text += "  " + right(cell(c), widths[c]);
      text.erase(text.find_last_not_of(' ') + 1);
      text += "\n";
    };
    line(grid.corner, [&](std::size_t c) { return grid.columns[c]; });
    line(std::string(first, '-'), [&](std::size_t c) { return std::string(widths[c], '-'); });
    for (std::size_t r = 0; r < grid.rows.size(); ++r)
      line(grid.rows[r], [&](std::size_t c) { return grid.texts[c][r]; });
    from = to;
    if (from < widths.size()) text += "\n";
  }
  return text;
}

using TextOf = std::function<std::string(std::size_t cell)>;

Grid fill(const study::Study& study, const Summary& summary, const Layout& layout,
          const std::vector<Column>& columns, const TextOf& text_of) {
  Grid grid{.corner = layout.x ? axis_label(study, summary.dimensions[*layout.x].key) : ""};
  for (const std::string& label : x_labels(summary, layout))
    grid.rows.push_back(shortened(label, kLongestLabel));
  for (const Column& column : columns) {
    grid.columns.push_back(shortened(column.label, kLongestLabel));
    std::vector<std::string>& texts = grid.texts.emplace_back();
    for (const auto& cell : column.cells) texts.push_back(cell ? text_of(*cell) : "");
  }
  return grid;
}

std::string panel_text(const study::Study& study, const Summary& summary, const Layout& layout,
                       const Panel& panel) {
  const std::size_t usual = summary.usual_seeds();
  std::string text = panel.title.empty() ? "\n" : "\n" + panel.title + "\n";
  if (layout.series) text += "  columns: " + axis_label(study, summary.dimensions[*layout.series].key) + "\n";
  const auto means = [&](std::size_t m) {
    const char* only = study::metrics()[m].label;
    const auto columns = columns_of(summary, layout, panel, only, [](std::size_t) { return true; });
    return draw(fill(study, summary, layout, columns,
                     [&](std::size_t cell) { return mean_text(summary.cells[cell].metrics[m], usual); }));
  };
  text += means(study::kTestAccuracy);
  if (summary.unequal_classes())
    text += "\n  macro F1, in which every class counts the same\n" + means(study::kMacroF1);
  const auto changes = columns_of(summary, layout, panel, "change",
                                  [&](std::size_t cell) { return gain_of(summary, cell) != nullptr; });
  if (changes.empty()) return text;
  return text + "\n  change in points against no synthetic images, over the same seeds\n" +
         draw(fill(study, summary, layout, changes,
                   [&](std::size_t cell) { return gain_text(*gain_of(summary, cell), usual); }));
}

}  // namespace

std::string table_text(const study::Study& study, const Summary& summary) {
  const Layout layout = lay_out(study, summary);
  std::string text = wrapped(study.name + ": mean test accuracy in % ± half of its 95 % t interval, " +
                             counted(summary.usual_seeds(), "seed") + " unless a cell says (n)");
  for (const Panel& panel : layout.panels) text += panel_text(study, summary, layout, panel);
  text += "\n" + wrapped(headline(study, summary));
  if (!summary.gains.empty()) text += wrapped(budget_text(study));
  return text + trials_text(summary) + "\n";
}

}  // namespace titrate::report
