#include "labels.hpp"

#include <algorithm>

#include "titrate/core/text.hpp"
#include "titrate/study/comparison.hpp"
#include "titrate/study/keys.hpp"
#include "titrate/study/network.hpp"

namespace titrate::report {
namespace {

// The base, with the value of every axis that has but one.
study::Settings common_settings(const study::Study& study) {
  study::Settings settings = study.base;
  for (const study::Axis& axis : study.axes) {
    if (axis.values.size() == 1) study::set_key(settings, axis.key, axis.values.front(), "axes");
  }
  return settings;
}

bool swept(const study::Study& study, const std::string& key) {
  return std::any_of(study.axes.begin(), study.axes.end(),
                     [&](const study::Axis& axis) { return axis.key == key && axis.values.size() > 1; });
}

bool may_stop_early(const study::Study& study) {
  return common_settings(study).train.early_stopping > 0 || swept(study, "train.early_stopping");
}

// "more images and smaller batches mean", where arms differ in them: more steps in an epoch.
std::string why_steps_differ(const study::Study& study) {
  const bool ratio_adds =
      swept(study, "data.synthetic_ratio") && (!replaces(study) || swept(study, "data.mode"));
  const bool images = ratio_adds || swept(study, "data.size") || swept(study, "data.augmented_copies") ||
                      swept(study, "train.validation_fraction");
  std::vector<std::string> reasons;
  if (images) reasons.emplace_back("more images");
  if (swept(study, "train.batch_size")) reasons.emplace_back("smaller batches");
  return reasons.empty() ? "" : join(reasons, " and ") + " mean";
}

// Of every dimension but that with the key `but`.
std::string phrase_of(const Summary& summary, const Cell& cell, const std::string& but) {
  std::vector<std::string> parts;
  for (const Dimension& dimension : summary.dimensions) {
    if (dimension.key != but) parts.push_back(level_phrase(dimension, cell));
  }
  return parts.empty() ? study::network_text(cell.settings) : join(parts, ", ");
}

// A value beside its key; `text` is that of value_text().
std::string value_label(const study::Key& key, const std::string& text) {
  if (text.empty() && key.name == kTestLists) return "as in training";
  if (text.empty() && key.name == "data.label_noise_to") return "any other class";
  return text.empty() || (text == "0" && key.zero_is_none) ? "none" : text;
}

std::string images_label(bool replace) { return replace ? "training images" : "real images"; }

std::string size_label(double size) {
  return size == 0 ? "all" : with_commas(static_cast<unsigned long long>(size));
}

std::string ratio_phrase(const study::DataSettings& data) {
  return data.mode == data::MixMode::replace ? shortest(100 * data.synthetic_ratio) + " % synthetic"
                                             : shortest(data.synthetic_ratio) + " synthetic per real image";
}

// "shift 2 and rotate 10": operations by a recipe's words, but for the one that all filters begin with.
std::string operations_text(const std::vector<Value>& operations) {
  std::vector<std::string> parts;
  for (const Value& operation : operations) {
    const std::string text = value_text(operation);
    parts.push_back(text.starts_with("denoise ") ? text.substr(8) : text);
  }
  return join(parts, " and ");
}

// A level of a treatment other than none.
std::string treatment_phrase(const study::Key& key, const Value& value, const study::Settings& settings) {
  const std::string text = value_text(value);
  if (key.name == "data.synthetic_ratio") return ratio_phrase(settings.data);
  if (key.name == "data.augmented_copies")
    return text + (text == "1" ? " augmented copy" : " augmented copies") + " per real image";
  if (key.name == "train.class_weights") return text + " " + key.noun();
  if (key.name == "data.standardise") return key.noun() + " by " + text;
  if (const auto* operations = std::get_if<std::vector<Value>>(&value.data))
    return key.noun() + " by " + operations_text(*operations);
  return key.noun() + " " + text;
}

}  // namespace

std::string value_text(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value.data)) return *text;
  if (const auto* list = std::get_if<std::vector<Value>>(&value.data)) {
    std::vector<std::string> parts;
    for (const Value& item : *list) parts.push_back(value_text(item));
    return join(parts, ", ");
  }
  return to_json(value);
}

std::string metric_text(const study::Metric& metric, double value) {
  return metric.percent() ? fixed(100 * value, metric.digits) + " %" : fixed(value, metric.digits);
}

std::vector<std::string> class_names(const study::Study& study, std::uint32_t classes) {
  std::vector<std::string> names = study.class_names;
  for (std::size_t i = names.size(); i < classes; ++i) names.push_back(std::to_string(i));
  names.resize(classes);
  return names;
}

std::string confused_text(std::span<const std::uint64_t> confusion, const std::vector<std::string>& names,
                          std::size_t most) {
  std::vector<std::string> parts;
  for (const study::ConfusedPair& pair :
       study::confused_pairs(confusion, static_cast<std::uint32_t>(names.size()), most)) {
    parts.push_back(names[pair.truth] + " as " + names[pair.predicted] + " (" + with_commas(pair.images) +
                    ")");
  }
  return join(parts, ", ");
}

bool replaces(const study::Study& study) {
  return common_settings(study).data.mode == data::MixMode::replace;
}

std::string axis_label(const study::Study& study, const std::string& key) {
  if (key == "data.size") return images_label(replaces(study));
  if (key == "data.synthetic_ratio")
    return replaces(study) ? "share of synthetic images" : "synthetic per real image";
  if (key == kTestNoise) return "test noise level";
  if (key == kTestLists) return "tested noise levels";
  return study::find_key(key, "axes").label;
}

std::string level_label(const Dimension& dimension, const Level& level) {
  if (dimension.key == kTestNoise) return level.text;
  if (dimension.key == "data.size") return size_label(*level.number);
  return value_label(study::find_key(dimension.key, "axes"), level.text);
}

std::string level_phrase(const std::string& axis, const study::Settings& settings) {
  const study::Key& key = study::find_key(axis, "axes");
  const Value value = key.get(settings);
  if (axis == "network.name" || axis == "network.layers") return study::network_text(settings);
  if (axis == "data.size")
    return size_label(settings.data.size) + " " + images_label(settings.data.mode == data::MixMode::replace);
  if (axis == "train.epochs") return counted(settings.train.epochs, "epoch");
  if (axis == "train.steps") return counted(settings.train.steps, "step");
  if (key.treatment)
    return study::is_off(value) ? "no " + key.noun() : treatment_phrase(key, value, settings);
  const std::string label = value_label(key, value_text(value));
  if (axis == kTestLists) return "tested noise levels " + label;
  return label == "none" ? "no " + key.label : key.label + " " + label;
}

std::string level_phrase(const Dimension& dimension, const Cell& cell) {
  return dimension.key == kTestNoise ? "test noise level " + shortest(cell.test_noise_level)
                                     : level_phrase(dimension.key, cell.settings);
}

std::string cell_phrase(const Summary& summary, const Cell& cell) { return phrase_of(summary, cell, ""); }

std::string training_phrase(const Summary& summary, const Cell& cell) {
  return phrase_of(summary, cell, kTestNoise);
}

std::string budget_text(const study::Study& study) {
  const study::TrainSettings train = common_settings(study).train;
  if (swept(study, "train.budget")) return "The budget is an axis: equal epochs, or equal steps.";
  const bool steps = train.budget == study::Budget::steps;
  const std::string what = steps ? "steps" : "epochs", other = steps ? "epochs" : "steps";
  const bool many = swept(study, "train." + what);
  const std::string number = with_commas(steps ? train.steps : train.epochs);
  if (may_stop_early(study)) {
    return "All arms train for at most " + (many ? "the " + what + " of their axis" : number + " " + what) +
           " and may stop early by their validation loss: neither epochs nor steps need be equal.";
  }
  const std::string given = many ? "Arms are compared at equal " + what + " (an axis)"
                                 : "All arms train for equal " + what + " (" + number + ")";
  const std::string reason = why_steps_differ(study);
  if (reason.empty()) return given + ".";
  return given + ", not equal " + other + ": " + reason +
         (steps ? " fewer epochs." : " more training steps.");
}

std::string training_text(const study::Study& study) {
  const study::TrainSettings train = common_settings(study).train;
  const auto or_more = [](bool more, const std::string& text) { return more ? ", " + text : ""; };
  const bool steps = train.budget == study::Budget::steps, sgd = train.optimizer == study::OptimizerKind::sgd;
  std::string text = counted(steps ? train.steps : train.epochs, steps ? "step" : "epoch") + ", batches of " +
                     std::to_string(train.batch_size) + ", " + choice_name(train.optimizer) +
                     ", learning rate " + shortest(train.learning_rate);
  text += or_more(sgd, "momentum " + shortest(train.momentum) + (train.nesterov ? " (Nesterov)" : ""));
  text += or_more(train.schedule != study::Schedule::constant, "schedule " + choice_name(train.schedule));
  text += or_more(train.weight_decay > 0, "weight decay " + shortest(train.weight_decay));
  text += or_more(train.label_smoothing > 0, "label smoothing " + shortest(train.label_smoothing));
  text += or_more(train.class_weights != study::ClassWeights::none,
                  choice_name(train.class_weights) + " class weights");
  text += or_more(!train.augment.empty(), "augmented by " + join(train.augment, " and "));
  text += or_more(train.early_stopping > 0, "stopped after " + counted(train.early_stopping, "epoch") +
                                                " without a better validation loss");
  text += or_more(train.best_weights, "weights of the best validation loss");
  return text + or_more(train.precision != study::Precision::float32, choice_name(train.precision));
}

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string signed_fixed(double value, int digits) {
  const std::string text = fixed(value, digits);
  return text.front() == '-' ? text : "+" + text;
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
