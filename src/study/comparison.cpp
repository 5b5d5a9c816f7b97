#include "titrate/study/comparison.hpp"

#include <algorithm>
#include <iterator>
#include <map>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/study/keys.hpp"

namespace titrate::study {
namespace {

const Axis* find_axis(const Study& study, std::string_view key) {
  const auto axis = std::find_if(study.axes.begin(), study.axes.end(),
                                 [&](const Axis& candidate) { return candidate.key == key; });
  return axis == study.axes.end() ? nullptr : &*axis;
}

// What two arms share that differ in this axis alone. A network of the study's own brings its layers, and the
// side that small images are padded to.
std::string circumstances(const Study& study, const Comparison& comparison, const Arm& arm) {
  Settings settings = *arm.settings;
  set_key(settings, comparison.axis, comparison.baseline, "axes");
  if (comparison.axis == "network.name") {
    settings.network.layers.clear();
    if (find_axis(study, "network.side") == nullptr) settings.network.side = 0;
  }
  return cell_key(settings) + "|" + shortest(arm.test_noise_level);
}

Pair pair_of(std::span<const Arm> arms, std::size_t cell, std::size_t baseline) {
  Pair pair{.cell = cell, .baseline = baseline};
  pair.differences = paired_differences(arms[cell].accuracies, arms[baseline].accuracies);
  pair.accuracy = estimate(pair.differences);
  pair.verdict = verdict_of(pair.accuracy);
  return pair;
}

// Arms in which the axis has no effect, as synthetic classes without synthetic images, are compared with
// nothing: their difference of 0 would say nothing of it.
void add_pairs(const Study& study, std::span<const Arm> arms, Comparison& comparison) {
  const Key& key = find_key(comparison.axis, "axes");
  std::map<std::string, std::size_t> baselines;  // by what they share with others
  std::vector<std::pair<std::size_t, std::string>> treated;
  for (std::size_t i = 0; i < arms.size(); ++i) {
    const Settings& settings = *arms[i].settings;
    if (!key.used.in(settings)) continue;
    std::string shared = circumstances(study, comparison, arms[i]);
    if (key.get(settings) == comparison.baseline) {
      baselines.emplace(std::move(shared), i);
    } else {
      treated.emplace_back(i, std::move(shared));
    }
  }
  for (const auto& [i, shared] : treated) {
    const auto baseline = baselines.find(shared);
    if (baseline != baselines.end()) comparison.pairs.push_back(pair_of(arms, i, baseline->second));
  }
}

[[noreturn]] void refuse_baseline(const std::string& key, const std::string& where, const std::string& what,
                                  const std::string& hint) {
  throw Error({.code = ErrorCode::usage,
               .where = where,
               .what = "[report] baseline of \"" + key + "\": " + what,
               .hint = hint});
}

}  // namespace

Verdict verdict_of(const Estimate& difference) {
  if (!difference.has_interval()) return Verdict::too_few_seeds;
  if (difference.low() > 0) return Verdict::help;
  if (difference.high() < 0) return Verdict::hurt;
  return Verdict::no_clear_difference;
}

std::vector<Pair> Comparison::decided() const {
  std::vector<Pair> enough;
  std::copy_if(pairs.begin(), pairs.end(), std::back_inserter(enough),
               [](const Pair& pair) { return pair.verdict != Verdict::too_few_seeds; });
  return enough;
}

std::vector<std::string> treatments() {
  std::map<int, std::string> in_order;
  for (const Key& key : keys()) {
    if (key.treatment) in_order[key.treatment.place] = key.name;
  }
  std::vector<std::string> names;
  for (const auto& [place, name] : in_order) names.push_back(name);
  return names;
}

bool is_off(const Value& level) {
  if (const auto* whole = std::get_if<std::int64_t>(&level.data)) return *whole == 0;
  if (const auto* number = std::get_if<double>(&level.data)) return *number == 0;
  if (const auto* flag = std::get_if<bool>(&level.data)) return !*flag;
  if (const auto* text = std::get_if<std::string>(&level.data)) return *text == "none";
  return std::get<std::vector<Value>>(level.data).empty();
}

Value baseline_of(const Study& study, const Axis& axis) {
  if (const auto given = study.baselines.find(axis.key); given != study.baselines.end()) return given->second;
  const auto off = std::find_if(axis.values.begin(), axis.values.end(), is_off);
  return off == axis.values.end() ? axis.values.front() : *off;
}

std::vector<Comparison> compare(const Study& study, std::span<const Arm> arms) {
  std::vector<Comparison> comparisons;
  for (const std::string& key : treatments()) {
    const Axis* axis = find_axis(study, key);
    if (axis == nullptr || axis->values.size() < 2) continue;
    Comparison comparison{.axis = axis->key, .baseline = baseline_of(study, *axis)};
    add_pairs(study, arms, comparison);
    if (!comparison.pairs.empty()) comparisons.push_back(std::move(comparison));
  }
  return comparisons;
}

void set_baseline(Study& study, const std::string& key, const Value& level, const std::string& where) {
  const Key& row = find_key(key, where);
  if (!row.treatment) {
    refuse_baseline(key, where, "it is no treatment, and nothing is compared over it",
                    "treatments are " + join(treatments(), ", "));
  }
  Settings scratch;
  row.set(scratch, level, where);
  study.baselines[key] = row.get(scratch);  // as an axis has it
}

void check_baselines(const Study& study, const std::string& where) {
  for (const auto& [key, level] : study.baselines) {
    const Axis* axis = find_axis(study, key);
    if (axis == nullptr) {
      refuse_baseline(key, where, "the study does not sweep it",
                      "add it to [axes], or take the baseline out");
    }
    if (std::find(axis->values.begin(), axis->values.end(), level) == axis->values.end()) {
      refuse_baseline(key, where, to_json(level) + " is none of its levels",
                      "its levels are " + to_json(Value{axis->values}));
    }
  }
}

}  // namespace titrate::study
