#include "html.hpp"

#include "comparison_text.hpp"
#include "labels.hpp"
#include "page.hpp"
#include "plot.hpp"
#include "titrate/core/text.hpp"
#include "titrate/core/version.hpp"
#include "titrate/page/chart.hpp"
#include "titrate/page/document.hpp"
#include "titrate/page/markup.hpp"

namespace titrate::report {
namespace {

std::string figure(const study::Study& study, const page::Plot& plot) {
  const char* apart = plot.x_apart ? " Right of the axis: all images, with bars for mean and interval." : "";
  return page::figure(plot, apart + (" Dots: single seeds. " + page::escape(budget_text(study))));
}

// How many 95 % intervals would exclude 0 if nothing made a difference.
std::string expected_by_chance(std::size_t comparisons) {
  const double expected = 0.05 * static_cast<double>(comparisons);
  if (expected < 0.5) return "";
  return " Were there no difference anywhere, about " + fixed(expected, expected < 3 ? 1 : 0) + " of these " +
         std::to_string(comparisons) + " intervals would still exclude 0.";
}

// No line ends between a number and its percent sign.
std::string unbroken(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool before_percent = text[i] == ' ' && i + 1 < text.size() && text[i + 1] == '%';
    result += before_percent ? "&nbsp;" : std::string(1, text[i]);
  }
  return result;
}

std::string comparison_note(const study::Study& study, const Summary& summary,
                            const study::Comparison& comparison) {
  const ComparisonWords words = words_of(summary, comparison);
  return "<p class=\"note\">Change in test accuracy, in points, against the same cell " +
         page::escape(words.same_cell) + ", over the same seeds; below it the 95 % t interval. It " +
         words.be + words.helps + " where the interval lies wholly above 0, " + words.hurts +
         " where wholly below; elsewhere there is no clear difference." +
         expected_by_chance(comparison.decided().size()) + " " + page::escape(budget_text(study)) + "</p>";
}

std::string heading(const Summary& summary, const study::Comparison& comparison) {
  return "<section><h2>" + page::escape(words_of(summary, comparison).heading) + "</h2>";
}

// What the headline speaks of.
std::string main_comparison(const study::Study& study, const Summary& summary, const Layout& layout) {
  const study::Comparison* comparison = summary.main_comparison();
  if (comparison == nullptr) return "";
  return heading(summary, *comparison) + comparison_note(study, summary, *comparison) +
         comparison_tables(study, summary, layout, *comparison) +
         figure(study, comparison_plot(study, summary, layout, *comparison)) + "</section>";
}

// Every further one: its answer, with its numbers folded away.
std::string other_comparisons(const study::Study& study, const Summary& summary) {
  std::string html;
  for (const study::Comparison& comparison : summary.comparisons) {
    if (&comparison == summary.main_comparison()) continue;
    const Layout layout = lay_out(summary, &comparison);
    const std::string answer = comparison_sentence(summary, comparison);
    html += heading(summary, comparison) + "<p>" +
            unbroken(page::escape(answer.empty() ? "There are too few seeds to tell." : answer)) +
            "</p><details><summary>Every comparison</summary>" + comparison_note(study, summary, comparison) +
            comparison_tables(study, summary, layout, comparison) +
            figure(study, comparison_plot(study, summary, layout, comparison)) + "</details></section>\n";
  }
  return html;
}

std::string chart_section(const study::Study& study, const Summary& summary, const Layout& layout) {
  const bool side_by_side = layout.panels.size() == 1;
  return std::string("<section><h2>Accuracy and loss</h2>") +
         (side_by_side ? "<div class=\"grid\">" : "<div>") +
         figure(study, metric_plot(study, summary, layout, study::kTestAccuracy)) +
         figure(study, metric_plot(study, summary, layout, study::kTestLoss)) + "</div></section>";
}

// Folded away. A page of very many cells leaves them to cells.csv.
std::string other_metrics(const study::Study& study, const Summary& summary, const Layout& layout) {
  if (summary.cells.size() > kMostCells) return "";
  std::string html = "<details><summary>Every other metric of every cell</summary>";
  for (std::size_t m = 0; m < study::metrics().size(); ++m) {
    const study::Metric& metric = study::metrics()[m];
    if (!metric.in_cells || m == study::kTestAccuracy) continue;
    html += "<h3>" + page::escape(capitalised(metric.label)) + (metric.percent() ? ", %" : "") +
            "</h3><p class=\"note\">" + page::escape(capitalised(metric.help)) + ".</p>" +
            result_tables(study, summary, layout, m);
  }
  return html + "</details>";
}

std::string table_section(const study::Study& study, const Summary& summary, const Layout& layout) {
  std::string html = "<section><h2>Test accuracy of every cell</h2><p class=\"note\">In %, mean over " +
                     counted(summary.usual_seeds(), "seed") +
                     " unless a cell says otherwise, ± half of its 95 % t interval. Every metric, images "
                     "and steps are in <a href=\"cells.csv\">cells.csv</a>.</p>" +
                     result_tables(study, summary, layout, study::kTestAccuracy);
  if (summary.unequal_classes()) {
    html +=
        "<h2>Macro F1 of every cell</h2><p class=\"note\">The classes are of unequal size: here each counts "
        "the same.</p>" +
        result_tables(study, summary, layout, study::kMacroF1);
  }
  return html + other_metrics(study, summary, layout) + "</section>";
}

std::string header(const study::Study& study, const Summary& summary) {
  const bool complete = summary.done == summary.planned;
  return "<header><p class=\"kind\">titrate report · dataset " + page::escape(study.dataset) + "</p><h1>" +
         page::escape(study.name) + "</h1><p class=\"answer\">" + unbroken(page::escape(headline(summary))) +
         "</p><p class=\"state" + (complete ? "" : " warn") + "\">" + page::escape(trials_text(summary)) +
         ".</p></header>";
}

std::string footer() {
  std::string links;
  for (const std::string file : {"trials.csv", "cells.csv", "per_class.csv", "epochs.csv", "timing.csv",
                                 "classification.json", "summary.json"})
    links += " <a href=\"" + file + "\">" + file + "</a>";
  return "<footer>The numbers:" + links + ". Made by titrate " + page::escape(version()) +
         " from the run's journal; <code>titrate report</code> makes it again.</footer>";
}

}  // namespace

std::string report_html(const study::Study& study, const Summary& summary) {
  const Layout layout = lay_out(summary, summary.main_comparison());
  std::string html = header(study, summary) + "\n";
  if (summary.done > 0) {
    html += main_comparison(study, summary, layout) + "\n" + other_comparisons(study, summary);
    html += chart_section(study, summary, layout) + "\n";
    html += table_section(study, summary, layout) + "\n";
    html += confusion_section(study, summary) + "\n";
    html += curve_section(summary) + "\n";
  }
  html += provenance_section(study, summary) + "\n" + problem_section(summary) + "\n" + footer();
  return page::document(study.name + " · titrate", html);
}

}  // namespace titrate::report
