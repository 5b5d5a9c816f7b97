#include "titrate/report/words.hpp"

#include <algorithm>
#include <cmath>

#include "titrate/core/text.hpp"

namespace titrate::report {
namespace {

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

bool replaces(const sweep::Study& study) { return study.base.data.mode == "replace"; }

bool swept(const sweep::Study& study, const std::string& key) {
  return std::any_of(study.axes.begin(), study.axes.end(),
                     [&](const sweep::Axis& axis) { return axis.key == key && axis.values.size() > 1; });
}

std::uint32_t side_of(std::size_t area) {
  return static_cast<std::uint32_t>(std::lround(std::sqrt(static_cast<double>(area))));
}

}  // namespace

std::string value_text(const sweep::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value.data)) return *text;
  if (const auto* list = std::get_if<std::vector<sweep::Value>>(&value.data)) {
    std::vector<std::string> parts;
    for (const sweep::Value& item : *list) parts.push_back(value_text(item));
    return join(parts, ", ");
  }
  return sweep::to_json(value);
}

std::string network_text(const sweep::Settings& settings) {
  return settings.network.layers.empty() ? settings.network.name : join(settings.network.layers, ", ");
}

std::uint32_t classes_of(const train::Tally& tally) { return side_of(tally.confusion.size()); }

std::uint32_t classes_of(const Cell& cell) { return side_of(cell.confusion.size()); }

std::string axis_label(const sweep::Study& study, const std::string& key) {
  if (key == "data.size") return replaces(study) ? "training images" : "real images";
  if (key == "data.synthetic_ratio") {
    return replaces(study) ? "share of synthetic images" : "synthetic per real image";
  }
  if (key == kTestNoise) return "test noise level";
  if (key == kTestLists) return "tested noise levels";
  if (key == "network.name") return "network";
  std::string label = key.substr(key.rfind('.') + 1);
  std::replace(label.begin(), label.end(), '_', ' ');
  return label;
}

std::string level_label(const Dimension& dimension, const Level& level) {
  if (dimension.key == "data.size") {
    return level.number == 0.0 ? "all" : with_commas(static_cast<unsigned long long>(*level.number));
  }
  if (level.text.empty()) return dimension.key == kTestLists ? "as in training" : "none";
  return level.text;
}

std::string level_phrase(const sweep::Study& study, const Dimension& dimension, const Level& level) {
  const std::string label = level_label(dimension, level);
  if (dimension.key == "data.size") return label + " " + axis_label(study, dimension.key);
  if (dimension.key == "network.name") return label;
  if (dimension.key == "data.synthetic_ratio") {
    if (level.number == 0.0) return "no synthetic images";
    return replaces(study) ? shortest(100 * *level.number) + " % synthetic"
                           : label + " synthetic per real image";
  }
  return axis_label(study, dimension.key) + " " + label;
}

std::string cell_phrase(const sweep::Study& study, const Summary& summary, const Cell& cell) {
  std::vector<std::string> parts;
  for (std::size_t d = 0; d < summary.dimensions.size(); ++d) {
    const Dimension& dimension = summary.dimensions[d];
    parts.push_back(level_phrase(study, dimension, dimension.levels[cell.place[d]]));
  }
  return parts.empty() ? network_text(cell.settings) : join(parts, ", ");
}

std::string budget_text(const sweep::Study& study) {
  const std::string epochs = swept(study, "train.epochs")
                                 ? "equal epochs"
                                 : "equal epochs (" + std::to_string(study.base.train.epochs) + ")";
  const bool ratio_adds =
      swept(study, "data.synthetic_ratio") && (!replaces(study) || swept(study, "data.mode"));
  const bool images_differ = ratio_adds || swept(study, "data.size") || swept(study, "data.augmented_copies");
  if (!images_differ) return "All arms train for " + epochs + ".";
  return "All arms train for " + epochs + ", not equal steps: more images mean more training steps.";
}

std::string signed_fixed(double value, int digits) {
  const std::string text = fixed(value, digits);
  return text.front() == '-' ? text : "+" + text;
}

std::string counted(std::size_t count, const std::string& noun) {
  return with_commas(count) + " " + noun + (count == 1 ? "" : "s");
}

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

std::string shortened(const std::string& text, std::size_t characters) {
  if (width_of(text) <= characters) return text;
  std::size_t bytes = 0;
  for (std::size_t seen = 0; seen + 3 < characters; ++seen) {
    do ++bytes;
    while (bytes < text.size() && !starts_character(text[bytes]));
  }
  return text.substr(0, bytes) + "...";
}

std::string trials_text(const Summary& summary) {
  std::string text = with_commas(summary.done) + " of " + counted(summary.planned, "trial") + " done";
  const auto add = [&](std::size_t count, const char* what) {
    if (count > 0) text += ", " + with_commas(count) + " " + what;
  };
  add(summary.diverged, "diverged");
  add(summary.failed, "failed");
  add(summary.missing(), "not run yet");
  return text;
}

}  // namespace titrate::report
