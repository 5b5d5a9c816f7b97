#include <algorithm>
#include <nlohmann/json.hpp>

#include "labels.hpp"
#include "page.hpp"
#include "titrate/core/text.hpp"
#include "titrate/page/curve.hpp"
#include "titrate/page/markup.hpp"

namespace titrate::report {
namespace {

// What a chart shows of an epoch: of training, and of validation where there was one.
struct Quantity {
  const char* id = "";
  const char* title = "";
  bool share = false;  // shown in %
  double EpochMeans::*training = nullptr;
  std::optional<double> EpochMeans::*validation = nullptr;
};

constexpr Quantity kLoss{.id = "curve-loss",
                         .title = "Loss",
                         .training = &EpochMeans::train_loss,
                         .validation = &EpochMeans::validation_loss};
constexpr Quantity kAccuracy{.id = "curve-accuracy",
                             .title = "Accuracy",
                             .share = true,
                             .training = &EpochMeans::train_accuracy,
                             .validation = &EpochMeans::validation_accuracy};

page::CurveLine training_of(const LearningCurve& curve, const Quantity& quantity) {
  page::CurveLine line;
  for (const EpochMeans& means : curve.epochs)
    line.push_back((quantity.share ? 100 : 1) * means.*quantity.training);
  return line;
}

page::CurveLine validation_of(const LearningCurve& curve, const Quantity& quantity) {
  page::CurveLine line;
  for (const EpochMeans& means : curve.epochs) {
    if (!(means.*quantity.validation)) break;
    line.push_back((quantity.share ? 100 : 1) * *(means.*quantity.validation));
  }
  return line;
}

page::CurveAxes axes_of(const std::vector<const LearningCurve*>& curves, const Quantity& quantity) {
  std::vector<page::CurveLine> lines;
  for (const LearningCurve* curve : curves) {
    lines.push_back(training_of(*curve, quantity));
    lines.push_back(validation_of(*curve, quantity));
  }
  return page::fit_curve_axes(quantity.title, quantity.share, lines);
}

constexpr std::size_t kTraining = 2, kValidation = 1;  // colours

std::string chart(const page::CurveAxes& axes, const LearningCurve& curve, const Quantity& quantity) {
  const page::ColouredLine lines[] = {{training_of(curve, quantity), kTraining},
                                      {validation_of(curve, quantity), kValidation}};
  return "<div>" + page::curve_svg(quantity.id, axes, lines) + "</div>";
}

std::string note_of(const LearningCurve& curve) {
  const EpochMeans& last = curve.epochs.back();
  const std::size_t seeds = curve.epochs.front().seeds;
  std::string note = "Mean over " + counted(seeds, "seed");
  if (last.seeds < seeds) note += ", of which " + std::to_string(last.seeds) + " trained so long";
  note += ". Epoch " + std::to_string(curve.epochs.size()) + ": training loss " + fixed(last.train_loss, 4) +
          ", accuracy " + fixed(100 * last.train_accuracy, 2) + " %";
  if (last.validation_loss && last.validation_accuracy) {
    note += "; validation loss " + fixed(*last.validation_loss, 4) + ", accuracy " +
            fixed(100 * *last.validation_accuracy, 2) + " %";
  }
  return note + ".";
}

std::string curves_json(const std::vector<const LearningCurve*>& curves, const page::CurveAxes& loss,
                        const page::CurveAxes& accuracy) {
  using Json = nlohmann::json;
  Json json = {{"from", loss.x(1)}, {"step", loss.dx()}, {"notes", Json::array()}, {"lines", Json::array()}};
  for (const LearningCurve* curve : curves) {
    json["notes"].push_back(note_of(*curve));
    json["lines"].push_back({page::curve_heights(loss, training_of(*curve, kLoss)),
                             page::curve_heights(loss, validation_of(*curve, kLoss)),
                             page::curve_heights(accuracy, training_of(*curve, kAccuracy)),
                             page::curve_heights(accuracy, validation_of(*curve, kAccuracy))});
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string curve_section(const Summary& summary) {
  std::vector<const LearningCurve*> all, curves;
  std::size_t epochs = 0;
  for (const LearningCurve& curve : summary.curves) {
    if (curve.epochs.size() < 2) continue;
    all.push_back(&curve);
    epochs = std::max(epochs, curve.epochs.size());
  }
  if (all.empty()) return "";
  std::vector<std::string> options;
  for (std::size_t i : held_cells(all.size(), 4 * epochs)) {
    curves.push_back(all[i]);
    options.push_back(training_phrase(summary, summary.cells[all[i]->cell]));
  }
  const bool validated = std::any_of(curves.begin(), curves.end(), [](const LearningCurve* curve) {
    return curve->epochs.front().validation_loss.has_value();
  });
  const page::CurveAxes loss = axes_of(curves, kLoss), accuracy = axes_of(curves, kAccuracy);
  const LearningCurve& shown = *curves.back();
  return "<section><h2>Learning curves</h2>" + page::chooser("curve-cell", options) +
         "<figure><div class=\"legend\"><span class=\"c2\"><i></i>training</span>" +
         (validated ? "<span class=\"c1\"><i></i>validation</span>" : "") + "</div><div class=\"grid\">" +
         chart(loss, shown, kLoss) + chart(accuracy, shown, kAccuracy) +
         "</div><figcaption><span id=\"curve-note\" aria-live=\"polite\">" + page::escape(note_of(shown)) +
         "</span> Training is measured while an epoch runs, on the images as the network is given them; its "
         "loss has "
         "label smoothing and class weights, that of validation is the plain cross-entropy, and neither has "
         "the "
         "layers' l2 terms. The axes are the same for every cell. Every trial is in <a "
         "href=\"epochs.csv\">epochs.csv</a>." +
         held_text(curves.size(), all.size()) + "</figcaption></figure>" +
         page::data_script("curves", curves_json(curves, loss, accuracy)) + "</section>";
}

}  // namespace titrate::report
