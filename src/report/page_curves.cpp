#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "page.hpp"
#include "titrate/core/text.hpp"
#include "titrate/report/labels.hpp"
#include "titrate/report/markup.hpp"
#include "titrate/report/plot.hpp"

namespace titrate::report {
namespace {

constexpr double kWidth = 440, kHeight = 250, kTop = 26, kBottom = 42, kLeft = 40, kRight = 430;
constexpr std::size_t kMostTicks = 8;

std::string c(double value) { return coordinate(value); }

// What a chart shows of an epoch: of training, and of validation where there was one.
struct Quantity {
  const char* id = "";
  const char* title = "";
  const char* unit = "";  // follows the title beside the axis
  double factor = 1;
  double EpochMeans::*training = nullptr;
  std::optional<double> EpochMeans::*validation = nullptr;
};

constexpr Quantity kLoss{.id = "curve-loss",
                         .title = "Loss",
                         .unit = "",
                         .training = &EpochMeans::train_loss,
                         .validation = &EpochMeans::validation_loss};
constexpr Quantity kAccuracy{.id = "curve-accuracy",
                             .title = "Accuracy",
                             .unit = ", %",
                             .factor = 100,
                             .training = &EpochMeans::train_accuracy,
                             .validation = &EpochMeans::validation_accuracy};

using Values = std::vector<double>;  // by epoch

Values training_of(const LearningCurve& curve, const Quantity& quantity) {
  Values values;
  for (const EpochMeans& means : curve.epochs) values.push_back(quantity.factor * means.*quantity.training);
  return values;
}

Values validation_of(const LearningCurve& curve, const Quantity& quantity) {
  Values values;
  for (const EpochMeans& means : curve.epochs) {
    if (!(means.*quantity.validation)) break;
    values.push_back(quantity.factor * *(means.*quantity.validation));
  }
  return values;
}

// One for all cells, so that they can be compared by eye.
struct Axes {
  std::size_t epochs = 0;
  double low = std::numeric_limits<double>::infinity(), high = -low;
  Scale scale = Scale::linear;

  double dx() const { return (kRight - kLeft - 24) / static_cast<double>(epochs - 1); }
  double x(std::size_t epoch) const { return kLeft + 12 + dx() * static_cast<double>(epoch - 1); }

  double y(double value) const {
    const bool logarithmic = scale == Scale::logarithmic;
    const double share =
        logarithmic ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
    return kHeight - kBottom - share * (kHeight - kBottom - kTop);
  }
};

void include(Axes& axes, const Values& values) {
  for (double value : values) {
    if (!std::isfinite(value)) continue;
    axes.low = std::min(axes.low, value);
    axes.high = std::max(axes.high, value);
  }
}

Axes axes_of(const std::vector<const LearningCurve*>& curves, const Quantity& quantity) {
  Axes axes;
  for (const LearningCurve* curve : curves) {
    axes.epochs = std::max(axes.epochs, curve->epochs.size());
    include(axes, training_of(*curve, quantity));
    include(axes, validation_of(*curve, quantity));
  }
  const bool share = quantity.factor == 100;
  if (!(axes.low <= axes.high)) axes.low = axes.high = 0;
  if (!share && axes.low > 0 && axes.high / axes.low >= 4) {
    axes.scale = Scale::logarithmic;
    axes.low /= 1.1;
    axes.high *= 1.1;
    return axes;
  }
  const double room = std::max(0.05 * (axes.high - axes.low), 0.01 * std::max(std::abs(axes.high), 1.0));
  axes.low = std::max(axes.low - room, 0.0);
  axes.high = share ? std::min(axes.high + room, 100.0) : axes.high + room;
  return axes;
}

// 1, and multiples of 1, 2 or 5 times a power of ten.
std::vector<std::size_t> epoch_ticks(std::size_t epochs) {
  std::size_t step = 1;
  for (std::size_t power = 1; epochs / step > kMostTicks; power *= 10) {
    for (const std::size_t digit : {1, 2, 5}) {
      step = digit * power;
      if (epochs / step <= kMostTicks) break;
    }
  }
  std::vector<std::size_t> ticks{1};
  for (std::size_t epoch = step; epoch <= epochs; epoch += step) {
    if (epoch > 1) ticks.push_back(epoch);
  }
  return ticks;
}

std::string frame(const Axes& axes, const Quantity& quantity) {
  std::string svg;
  for (const Tick& tick : y_ticks(axes.low, axes.high, axes.scale)) {
    const double y = axes.y(tick.value);
    svg += fmt::format("<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>", c(kLeft), c(kRight),
                       c(y), c(y));
    svg += fmt::format("<text class=\"tick\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>", c(kLeft - 6),
                       c(y + 3.5), tick.label);
  }
  const double bottom = kHeight - kBottom;
  for (std::size_t epoch : epoch_ticks(axes.epochs)) {
    svg += fmt::format("<line class=\"axis\" x1=\"{0}\" x2=\"{0}\" y1=\"{1}\" y2=\"{2}\"/>", c(axes.x(epoch)),
                       c(bottom), c(bottom + 4));
    svg += fmt::format("<text class=\"tick\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                       c(axes.x(epoch)), c(bottom + 16), epoch);
  }
  svg += fmt::format("<line class=\"axis\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>", c(kLeft), c(kRight),
                     c(bottom), c(bottom));
  svg += fmt::format("<text class=\"title\" x=\"2\" y=\"12\">{}{}{}</text>", quantity.title, quantity.unit,
                     axes.scale == Scale::logarithmic ? ", log scale" : "");
  return svg + fmt::format("<text class=\"title\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">epoch</text>",
                           c((kLeft + kRight) / 2), c(kHeight - 6));
}

// The heights of a line, up to what cannot be drawn.
std::vector<std::string> heights(const Axes& axes, const Values& values) {
  std::vector<std::string> texts;
  for (double value : values) {
    if (!std::isfinite(value)) break;
    texts.push_back(fixed(axes.y(value), 1));
  }
  return texts;
}

// The page's script draws the same.
std::string line(const Axes& axes, const Values& values, const char* style) {
  std::string path;
  std::size_t epoch = 0;
  for (const std::string& y : heights(axes, values)) {
    path += (epoch == 0 ? "M" : "L") + c(axes.x(epoch + 1)) + " " + y;
    ++epoch;
  }
  return fmt::format("<path class=\"line {}\" d=\"{}\"/>", style, path);
}

std::string chart(const Axes& axes, const LearningCurve& curve, const Quantity& quantity) {
  return fmt::format(
      "<div><svg id=\"{}\" class=\"curve\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">{}{}{}"
      "</svg></div>",
      quantity.id, c(kWidth), c(kHeight), quantity.title, frame(axes, quantity),
      line(axes, training_of(curve, quantity), "c2"), line(axes, validation_of(curve, quantity), "c1"));
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

std::string curves_json(const std::vector<const LearningCurve*>& curves, const Axes& loss,
                        const Axes& accuracy) {
  using Json = nlohmann::json;
  Json json = {{"from", loss.x(1)}, {"step", loss.dx()}, {"notes", Json::array()}, {"lines", Json::array()}};
  for (const LearningCurve* curve : curves) {
    json["notes"].push_back(note_of(*curve));
    json["lines"].push_back({join(heights(loss, training_of(*curve, kLoss)), " "),
                             join(heights(loss, validation_of(*curve, kLoss)), " "),
                             join(heights(accuracy, training_of(*curve, kAccuracy)), " "),
                             join(heights(accuracy, validation_of(*curve, kAccuracy)), " ")});
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string curve_section(const study::Study& study, const Summary& summary) {
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
    options.push_back(training_phrase(study, summary, summary.cells[all[i]->cell]));
  }
  const bool validated = std::any_of(curves.begin(), curves.end(), [](const LearningCurve* curve) {
    return curve->epochs.front().validation_loss.has_value();
  });
  const Axes loss = axes_of(curves, kLoss), accuracy = axes_of(curves, kAccuracy);
  const LearningCurve& shown = *curves.back();
  return "<section><h2>Learning curves</h2>" + cell_list("curve-cell", options) +
         "<figure><div class=\"legend\"><span class=\"c2\"><i></i>training</span>" +
         (validated ? "<span class=\"c1\"><i></i>validation</span>" : "") + "</div><div class=\"grid\">" +
         chart(loss, shown, kLoss) + chart(accuracy, shown, kAccuracy) +
         "</div><figcaption><span id=\"curve-note\" aria-live=\"polite\">" + escape(note_of(shown)) +
         "</span> Training is measured while an epoch runs, on the images as the network is given them; its "
         "loss has "
         "label smoothing and class weights, that of validation is the plain cross-entropy, and neither has "
         "the "
         "layers' l2 terms. The axes are the same for every cell. Every trial is in <a "
         "href=\"epochs.csv\">epochs.csv</a>." +
         held_text(curves.size(), all.size()) + "</figcaption></figure>" +
         data_script("curves", curves_json(curves, loss, accuracy)) + "</section>";
}

}  // namespace titrate::report
