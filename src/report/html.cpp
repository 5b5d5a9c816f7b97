#include "titrate/report/html.hpp"

#include <algorithm>

#include "page.hpp"
#include "titrate/core/text.hpp"
#include "titrate/core/version.hpp"
#include "titrate/report/chart.hpp"
#include "titrate/report/labels.hpp"
#include "titrate/report/markup.hpp"

namespace titrate::report {
namespace {

std::string legend(const Plot& plot) {
  const auto most =
      std::max_element(plot.panels.begin(), plot.panels.end(),
                       [](const auto& a, const auto& b) { return a.series.size() < b.series.size(); });
  if (plot.connected || most == plot.panels.end() || most->series.size() < 2) return "";
  std::string html = "<div class=\"legend\">";
  for (const PlotSeries& series : most->series)
    html +=
        "<span class=\"c" + std::to_string(series.colour) + "\"><i></i>" + escape(series.label) + "</span>";
  return html + "</div>";
}

std::string figure(const study::Study& study, const Plot& plot) {
  std::string html = "<figure><h3>" + escape(plot.title) + "</h3>" + legend(plot);
  html += plot.panels.size() > 1 ? "<div class=\"grid\">" : "<div>";
  for (const PlotPanel& panel : plot.panels) {
    html += "<div>" + (panel.title.empty() ? "" : "<p class=\"kind\">" + escape(panel.title) + "</p>") +
            panel_svg(plot, panel) + "</div>";
  }
  const char* marks = plot.connected ? "Line: mean over seeds. Band: its 95 % t interval."
                                     : "Short bar: mean over seeds. Long bar: its 95 % t interval.";
  const char* apart = plot.x_apart ? " Right of the axis: all images, with bars for mean and interval." : "";
  return html + "</div><figcaption>" + marks + apart + " Dots: single seeds. " + escape(budget_text(study)) +
         "</figcaption></figure>";
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

std::string gain_section(const study::Study& study, const Summary& summary, const Layout& layout) {
  if (summary.gains.empty()) return "";
  return "<section><h2>What the synthetic images did</h2><p class=\"note\">Change in test accuracy, in "
         "points, against "
         "the same cell without synthetic images, over the same seeds; below it the 95 % t interval. It "
         "helps where the "
         "interval lies wholly above 0, hurts where wholly below; elsewhere there is no clear difference." +
         expected_by_chance(summary.comparisons().size()) + " " + escape(budget_text(study)) + "</p>" +
         gain_tables(study, summary, layout) + figure(study, gain_plot(study, summary, layout)) +
         "</section>";
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
    html += "<h3>" + escape(capitalised(metric.label)) + (metric.percent() ? ", %" : "") +
            "</h3><p class=\"note\">" + escape(capitalised(metric.help)) + ".</p>" +
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
  return "<header><p class=\"kind\">titrate report · dataset " + escape(study.dataset) + "</p><h1>" +
         escape(study.name) + "</h1><p class=\"answer\">" + unbroken(escape(headline(study, summary))) +
         "</p><p class=\"state" + (complete ? "" : " warn") + "\">" + escape(trials_text(summary)) +
         ".</p></header>";
}

std::string footer() {
  std::string links;
  for (const std::string file : {"trials.csv", "cells.csv", "per_class.csv", "epochs.csv", "timing.csv",
                                 "classification.json", "summary.json"})
    links += " <a href=\"" + file + "\">" + file + "</a>";
  return "<footer>The numbers:" + links + ". Made by titrate " + escape(version()) +
         " from the run's journal; <code>titrate report</code> makes it again.</footer>";
}

}  // namespace

std::string report_html(const study::Study& study, const Summary& summary) {
  const Layout layout = lay_out(study, summary);
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>" +
      escape(study.name) + " · titrate</title><style>" + kPageStyle + "</style></head>\n<body><main>\n";
  html += header(study, summary) + "\n";
  if (summary.done > 0) {
    html += gain_section(study, summary, layout) + "\n";
    html += chart_section(study, summary, layout) + "\n";
    html += table_section(study, summary, layout) + "\n";
    html += confusion_section(study, summary) + "\n";
    html += curve_section(study, summary) + "\n";
  }
  html += provenance_section(study, summary) + "\n" + problem_section(study, summary) + "\n" + footer();
  return html + "\n</main><script>" + kPageScript + "</script></body></html>\n";
}

}  // namespace titrate::report
