#include "table.hpp"

#include <algorithm>
#include <functional>

#include "comparison_text.hpp"
#include "labels.hpp"
#include "layout.hpp"
#include "titrate/core/text.hpp"

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

// A word, or as much room, so that numbers stand under each other.
std::string change_text(const ComparisonWords& words, const study::Pair& pair, std::size_t usual) {
  if (pair.accuracy.n == 0) return "-";
  const std::string& word = words.verb(pair.verdict);
  const std::string room(std::max(words.help.size(), words.hurt.size()) - word.size(), ' ');
  return (pair.accuracy.mean >= 0 ? "+" : "") + mean_text(pair.accuracy, usual) + " " + word + room;
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

// All that the blocks of a run share.
struct View {
  const study::Study& study;
  const Summary& summary;
  Layout layout{};
  std::size_t usual_seeds = 0;
  bool unequal_classes = false;
  const study::Comparison* comparison = nullptr;
  ComparisonWords words{};  // where there is a comparison
};

View view_of(const study::Study& study, const Summary& summary) {
  View view{.study = study,
            .summary = summary,
            .layout = lay_out(summary, summary.main_comparison()),
            .usual_seeds = summary.usual_seeds(),
            .unequal_classes = summary.unequal_classes(),
            .comparison = summary.main_comparison()};
  if (view.comparison != nullptr) view.words = words_of(summary, *view.comparison);
  return view;
}

std::string label_of(const View& view, std::size_t dimension) {
  return axis_label(view.study, view.summary.dimensions[dimension].key);
}

using TextOf = std::function<std::string(std::size_t cell)>;

Grid fill(const View& view, const std::vector<Column>& columns, const TextOf& text_of) {
  Grid grid{.corner = view.layout.x ? label_of(view, *view.layout.x) : ""};
  for (const std::string& label : x_labels(view.summary, view.layout))
    grid.rows.push_back(shortened(label, kLongestLabel));
  for (const Column& column : columns) {
    grid.columns.push_back(shortened(column.label, kLongestLabel));
    std::vector<std::string>& texts = grid.texts.emplace_back();
    for (const auto& cell : column.cells) texts.push_back(cell ? text_of(*cell) : "");
  }
  return grid;
}

std::string means_text(const View& view, const Panel& panel, std::size_t metric) {
  const auto columns = columns_of(view.summary, view.layout, panel, study::metrics()[metric].label,
                                  [](std::size_t) { return true; });
  return draw(fill(view, columns, [&](std::size_t cell) {
    return mean_text(view.summary.cells[cell].metrics[metric], view.usual_seeds);
  }));
}

// Where a treatment is compared.
std::string changes_text(const View& view, const Panel& panel) {
  if (view.comparison == nullptr) return "";
  const auto changes = columns_of(view.summary, view.layout, panel, "change", [&](std::size_t cell) {
    return pair_of(*view.comparison, cell) != nullptr;
  });
  if (changes.empty()) return "";
  return "\n  change in points against " + shortened(view.words.against, 32) + ", over the same seeds\n" +
         draw(fill(view, changes, [&](std::size_t cell) {
           return change_text(view.words, *pair_of(*view.comparison, cell), view.usual_seeds);
         }));
}

std::string panel_text(const View& view, const Panel& panel) {
  std::string text = panel.title.empty() ? "\n" : "\n" + panel.title + "\n";
  if (view.layout.series) text += "  columns: " + label_of(view, *view.layout.series) + "\n";
  text += means_text(view, panel, study::kTestAccuracy);
  if (view.unequal_classes) {
    text += "\n  macro F1, in which every class counts the same\n" + means_text(view, panel, study::kMacroF1);
  }
  return text + changes_text(view, panel);
}

// Of all comparisons but the headline's.
std::string further_sentences(const View& view) {
  std::string text;
  for (const study::Comparison& comparison : view.summary.comparisons) {
    if (&comparison == view.comparison) continue;
    const std::string sentence = comparison_sentence(view.summary, comparison);
    if (!sentence.empty()) text += wrapped(sentence);
  }
  return text;
}

}  // namespace

std::string table_text(const study::Study& study, const Summary& summary) {
  const View view = view_of(study, summary);
  std::string text = wrapped(study.name + ": mean test accuracy in % ± half of its 95 % t interval, " +
                             counted(view.usual_seeds, "seed") + " unless a cell says (n)");
  for (const Panel& panel : view.layout.panels) text += panel_text(view, panel);
  text += "\n" + wrapped(headline(summary)) + further_sentences(view);
  if (view.comparison != nullptr) text += wrapped(budget_text(study));
  return text + trials_text(summary) + "\n";
}

}  // namespace titrate::report
