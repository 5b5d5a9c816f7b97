#include <cmath>

#include "labels.hpp"
#include "page.hpp"
#include "titrate/core/text.hpp"
#include "titrate/core/version.hpp"
#include "titrate/page/markup.hpp"

namespace titrate::report {
namespace {

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
  return "<dt>" + page::escape(name) + "</dt><dd class=\"" + style + "\">" + page::escape(text) + "</dd>";
}

std::string settings_table(const study::Study& study) {
  std::string html =
      "<details><summary>Every setting</summary><div class=\"scroll\"><table "
      "class=\"text\"><thead><tr><th>key</th>"
      "<th>value</th></tr></thead><tbody>";
  auto values = study::all_values(study.base);
  for (const std::string& key : study::key_names()) {
    std::string text = value_text(values.at(key));
    for (const study::Axis& axis : study.axes) {
      if (axis.key != key) continue;
      std::vector<std::string> levels;
      for (const Value& value : axis.values) levels.push_back(value_text(value));
      text = (axis.values.size() > 1 ? "swept: " : "") + join(levels, ", ");
    }
    html += "<tr><td><code>" + page::escape(key) + "</code></td><td>" + page::escape(text) + "</td></tr>";
  }
  for (const auto& [name, definition] : study.networks) {
    html += "<tr><td><code>" + page::escape("networks." + name) + "</code></td><td>" +
            page::escape(join(definition.layers, ", ")) + "</td></tr>";
  }
  return html + "</tbody></table></div></details>";
}

}  // namespace

std::string provenance_section(const study::Study& study, const Summary& summary) {
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

std::string problem_section(const Summary& summary) {
  if (summary.problems.empty()) return "";
  std::string html =
      "<section><h2>What did not work</h2><div class=\"scroll\"><table "
      "class=\"text\"><thead><tr><th>trial</th>"
      "<th>cell</th><th>seed</th><th>status</th><th>reason</th></tr></thead><tbody>";
  for (const Problem& problem : summary.problems) {
    html += "<tr><td><code>" + page::escape(problem.trial) + "</code></td><td>" +
            page::escape(training_phrase(summary, summary.cells[problem.cell])) + "</td><td>" +
            std::to_string(problem.seed) + "</td><td>" + page::escape(choice_name(problem.status)) +
            "</td><td>" + page::escape(problem.reason) + "</td></tr>";
  }
  return html + "</tbody></table></div></section>";
}

}  // namespace titrate::report
