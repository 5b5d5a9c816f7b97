#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "page.hpp"
#include "titrate/core/text.hpp"
#include "titrate/core/version.hpp"
#include "titrate/report/chart.hpp"
#include "titrate/report/markup.hpp"
#include "titrate/report/words.hpp"

namespace titrate::report {
namespace {

constexpr std::uint32_t kMostClasses = 100;  // of a matrix that can be drawn

std::string note_of(const Cell& cell) {
  std::uint64_t images = 0;
  for (std::uint64_t count : cell.confusion) images += count;
  return with_commas(images) + " tests, summed over " + counted(cell.seeds.size(), "seed") + ": " +
         fixed(100 * cell.accuracy.mean, 2) + " % right";
}

// Matrices as texts of numbers: a page may hold hundreds.
std::string matrices_json(const std::vector<std::string>& names, const std::vector<const Cell*>& cells) {
  nlohmann::json json = {
      {"names", names}, {"notes", nlohmann::json::array()}, {"counts", nlohmann::json::array()}};
  for (const Cell* cell : cells) {
    std::vector<std::string> counts;
    for (std::uint64_t count : cell->confusion) counts.push_back(count == 0 ? "" : std::to_string(count));
    json["notes"].push_back(note_of(*cell));
    json["counts"].push_back(join(counts, ","));
  }
  std::string text;
  for (char c : json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace))
    text += c == '<' ? "\\u003c" : std::string(1, c);  // no tag may end the script
  return text;
}

std::string duration(double seconds) {
  const auto whole = static_cast<long long>(std::llround(seconds));
  if (whole < 60) return fixed(seconds, 1) + " s";
  if (whole < 3600) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  return with_commas(static_cast<unsigned long long>(whole / 3600)) + " h " +
         std::to_string(whole % 3600 / 60) + " min";
}

std::string seeds_text(const std::set<std::uint64_t>& seeds) {
  if (seeds.empty()) return "none";
  const bool run = *seeds.rbegin() - *seeds.begin() + 1 == seeds.size();
  if (run && seeds.size() > 2) {
    return std::to_string(seeds.size()) + " (" + std::to_string(*seeds.begin()) + " to " +
           std::to_string(*seeds.rbegin()) + ")";
  }
  std::vector<std::string> parts;
  for (std::uint64_t seed : seeds) parts.push_back(std::to_string(seed));
  return join(parts, ", ");
}

std::string joined(const std::set<std::string>& texts) {
  return join(std::vector<std::string>(texts.begin(), texts.end()), "; ");
}

std::string hosts_text(const Provenance& provenance) {
  std::vector<std::string> parts;
  for (const auto& [host, use] : provenance.hosts) {
    parts.push_back((host.empty() ? "unknown" : host) + ": " + counted(use.trials, "trial") + " by " +
                    counted(use.world_ranks.size(), "rank"));
  }
  return join(parts, "; ");
}

std::string fact(const std::string& name, const std::string& text, const char* style = "") {
  if (text.empty()) return "";
  return "<dt>" + escape(name) + "</dt><dd class=\"" + style + "\">" + escape(text) + "</dd>";
}

std::string settings_table(const sweep::Study& study) {
  std::string html =
      "<details><summary>Every setting</summary><div class=\"scroll\"><table "
      "class=\"text\"><thead><tr><th>key</th>"
      "<th>value</th></tr></thead><tbody>";
  auto values = sweep::all_values(study.base);
  for (const std::string& key : sweep::setting_keys()) {
    std::string text = value_text(values.at(key));
    for (const sweep::Axis& axis : study.axes) {
      if (axis.key != key) continue;
      std::vector<std::string> levels;
      for (const sweep::Value& value : axis.values) levels.push_back(value_text(value));
      text = (axis.values.size() > 1 ? "swept: " : "") + join(levels, ", ");
    }
    html += "<tr><td><code>" + escape(key) + "</code></td><td>" + escape(text) + "</td></tr>";
  }
  return html + "</tbody></table></div></details>";
}

}  // namespace

std::string confusion_section(const sweep::Study& study, const Summary& summary) {
  std::vector<const Cell*> cells;
  for (const Cell& cell : summary.cells) {
    const bool same_classes = cells.empty() || cells.front()->confusion.size() == cell.confusion.size();
    if (!cell.confusion.empty() && same_classes) cells.push_back(&cell);
  }
  if (cells.empty()) return "";
  const std::uint32_t classes = classes_of(*cells.front());
  std::string html = "<section><h2>Which classes are mistaken for which</h2>";
  if (classes > kMostClasses) {
    return html + "<p class=\"note\">" + std::to_string(classes) +
           " classes are too many to draw; <a href=\"per_class.csv\">per_class.csv</a> has their "
           "scores.</p></section>";
  }
  const std::vector<std::string> names = class_names(study, classes);
  html += "<p><select id=\"cell\" aria-label=\"cell\" disabled>";
  for (const Cell* cell : cells) {
    html += std::string("<option") + (cell == cells.back() ? " selected" : "") + ">" +
            escape(cell_phrase(study, summary, *cell)) + "</option>";
  }
  html += "</select></p><figure>" + confusion_svg(cells.back()->confusion, names) +
          "<figcaption><span id=\"cell-note\" aria-live=\"polite\">" + escape(note_of(*cells.back())) +
          "</span>. Rows are the true classes, columns what the network called them; tint is the share of "
          "the true "
          "class, strengthened for mistakes.</figcaption></figure>";
  return html + "<script type=\"application/json\" id=\"confusions\">" + matrices_json(names, cells) +
         "</script></section>";
}

std::string provenance_section(const sweep::Study& study, const Summary& summary) {
  const Provenance& from = summary.provenance;
  std::string html = "<section><h2>What was run, and with what</h2><dl>";
  html += fact("Dataset", study.dataset);
  html += fact("Fingerprint", study.fingerprint, "mono");
  html += fact("Classes", std::to_string(study.class_names.size()) + ": " + join(study.class_names, ", "));
  html += fact("Trials", trials_text(summary) + ", in " + counted(summary.cells.size(), "cell"));
  html += fact("Seeds", seeds_text(from.seeds));
  html +=
      fact("Training", training_text(study) + (study.axes.empty() ? "" : ", unless an axis says otherwise"));
  html += fact("Budget", budget_text(study));
  html += fact("Numerics", joined(from.numerics));
  html += fact("Ran on", hosts_text(from));
  html += fact("Compute time", duration(from.compute_seconds) + ", summed over ranks");
  html += fact("Trained by", from.versions.empty() ? "" : "titrate " + joined(from.versions));
  return html + "</dl>" + settings_table(study) + "</section>";
}

std::string problem_section(const sweep::Study& study, const Summary& summary) {
  if (summary.problems.empty()) return "";
  std::string html =
      "<section><h2>What did not work</h2><div class=\"scroll\"><table "
      "class=\"text\"><thead><tr><th>trial</th>"
      "<th>cell</th><th>seed</th><th>status</th><th>reason</th></tr></thead><tbody>";
  for (const Problem& problem : summary.problems) {
    const std::string reason = problem.reason.empty() && problem.status == sweep::Status::diverged
                                   ? "the loss was no longer a finite number"
                                   : problem.reason;
    html += "<tr><td><code>" + escape(problem.trial) + "</code></td><td>" +
            escape(cell_phrase(study, summary, summary.cells[problem.cell])) + "</td><td>" +
            std::to_string(problem.seed) + "</td><td>" + escape(sweep::to_text(problem.status)) +
            "</td><td>" + escape(reason) + "</td></tr>";
  }
  return html + "</tbody></table></div></section>";
}

}  // namespace titrate::report
