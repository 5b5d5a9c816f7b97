#include <algorithm>
#include <nlohmann/json.hpp>

#include "labels.hpp"
#include "page.hpp"
#include "titrate/core/text.hpp"
#include "titrate/page/confusion.hpp"
#include "titrate/page/markup.hpp"

namespace titrate::report {
namespace {

constexpr std::uint32_t kMostClasses = 100;  // of a matrix that can be drawn
constexpr std::size_t kMostConfused = 5;

std::string note_of(const Cell& cell) {
  std::uint64_t images = 0;
  for (std::uint64_t count : cell.confusion) images += count;
  return with_commas(images) + " tests, summed over " + counted(cell.seeds.size(), "seed") + ": " +
         fixed(100 * cell.accuracy().mean, 2) + " % right";
}

std::string mistakes_of(const Cell& cell, const std::vector<std::string>& names) {
  const std::string confused = confused_text(cell.confusion, names, kMostConfused);
  return confused.empty() ? "No mistakes." : "Most often confused: " + confused + ".";
}

// Matrices as texts of numbers: a page may hold hundreds.
std::string matrices_json(const std::vector<std::string>& names, const std::vector<const Cell*>& cells) {
  using Json = nlohmann::json;
  Json json = {
      {"names", names}, {"notes", Json::array()}, {"mistakes", Json::array()}, {"counts", Json::array()}};
  for (const Cell* cell : cells) {
    std::vector<std::string> counts;
    for (std::uint64_t count : cell->confusion) counts.push_back(count == 0 ? "" : std::to_string(count));
    json["notes"].push_back(note_of(*cell));
    json["mistakes"].push_back(mistakes_of(*cell, names));
    json["counts"].push_back(join(counts, ","));
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Those with a matrix, as many classes each.
std::vector<const Cell*> cells_with_matrix(const Summary& summary) {
  std::vector<const Cell*> cells;
  for (const Cell& cell : summary.cells) {
    const bool same_classes = cells.empty() || cells.front()->confusion.size() == cell.confusion.size();
    if (!cell.confusion.empty() && same_classes) cells.push_back(&cell);
  }
  return cells;
}

}  // namespace

std::vector<std::size_t> held_cells(std::size_t count, std::size_t numbers_each) {
  const std::size_t most =
      std::clamp<std::size_t>(kMostNumbers / std::max<std::size_t>(numbers_each, 1), 1, kMostCells);
  const std::size_t held = std::min(count, most);
  std::vector<std::size_t> cells;
  for (std::size_t i = 1; i <= held; ++i) cells.push_back(i * count / held - 1);
  return cells;
}

std::string held_text(std::size_t held, std::size_t all) {
  if (held == all) return "";
  return " " + with_commas(held) + " of " + counted(all, "cell") + " are here, evenly spread.";
}

std::string confusion_section(const study::Study& study, const Summary& summary) {
  const std::vector<const Cell*> all = cells_with_matrix(summary);
  if (all.empty()) return "";
  const std::uint32_t classes = study::classes_of(all.front()->confusion);
  std::string html = "<section><h2>Which classes are mistaken for which</h2>";
  if (classes > kMostClasses) {
    return html + "<p class=\"note\">" + std::to_string(classes) +
           " classes are too many to draw; <a href=\"per_class.csv\">per_class.csv</a> has their "
           "scores.</p></section>";
  }
  const std::vector<std::string> names = class_names(study, classes);
  std::vector<const Cell*> cells;
  std::vector<std::string> options;
  for (std::size_t i : held_cells(all.size(), all.front()->confusion.size())) {
    cells.push_back(all[i]);
    options.push_back(cell_phrase(summary, *all[i]));
  }
  html += page::chooser("cell", options) + "<figure>" + page::confusion_svg(cells.back()->confusion, names) +
          "<p id=\"cell-mistakes\" class=\"mistakes\" aria-live=\"polite\">" +
          page::escape(mistakes_of(*cells.back(), names)) + "</p><figcaption><span id=\"cell-note\">" +
          page::escape(note_of(*cells.back())) +
          "</span>. Rows are the true classes, columns what the network called them; tint is the share of "
          "the true class, strengthened for mistakes. Every trial is in "
          "<a href=\"classification.json\">classification.json</a>." +
          held_text(cells.size(), all.size()) + "</figcaption></figure>";
  return html + page::data_script("confusions", matrices_json(names, cells)) + "</section>";
}

}  // namespace titrate::report
