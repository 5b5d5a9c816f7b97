#include "comparison_text.hpp"

#include <string_view>

#include "labels.hpp"
#include "titrate/core/text.hpp"
#include "titrate/study/keys.hpp"

namespace titrate::report {
namespace {

constexpr std::string_view kRatio = "data.synthetic_ratio", kNetwork = "network.name";

// A network is called by its name, however a sentence begins.
std::string begun(const std::string& axis, const std::string& text) {
  return axis == kNetwork && !text.starts_with("other ") ? text : capitalised(text);
}

// The one level that is compared with the baseline; empty where there are several.
std::string only_level(const Summary& summary, const study::Comparison& comparison) {
  std::string only;
  for (const study::Pair& pair : comparison.pairs) {
    const std::string text = level_phrase(comparison.axis, summary.cells[pair.cell].settings);
    if (!only.empty() && text != only) return "";
    only = text;
  }
  return only;
}

std::string baseline_text(const Summary& summary, const study::Comparison& comparison) {
  return level_phrase(comparison.axis, summary.cells[comparison.pairs.front().baseline].settings);
}

std::string points(const study::Estimate& difference) {
  return signed_fixed(100 * difference.mean, digits_for(difference)) + " points (" +
         interval_text(difference) + ")";
}

// The levels of a cell on all axes but the compared one: "3,000 real images and noise level 0.3".
std::string circumstances(const Summary& summary, const Cell& cell, const std::string& compared) {
  std::vector<std::string> parts;
  if (!summary.dimension("data.size") && cell.settings.data.size > 0)
    parts.push_back(level_phrase("data.size", cell.settings));
  for (const Dimension& dimension : summary.dimensions) {
    if (dimension.key != compared) parts.push_back(level_phrase(dimension, cell));
  }
  if (parts.empty()) return "";
  const std::string last = parts.back();
  parts.pop_back();
  return parts.empty() ? last : join(parts, ", ") + " and " + last;
}

// How a sentence speaks of a comparison.
struct Speech {
  std::string subject{};         // "Synthetic images", "Augmentation by shift 2", "Other networks"
  std::string pronoun{};         // "they", "it"
  std::string helped{}, hurt{};  // "did better", "did worse"
  std::string than{};            // " than simple-cnn", of a choice
  bool names_level = false;      // the subject is the only level
};

Speech speech_of(const Summary& summary, const study::Comparison& comparison) {
  const study::Key& key = study::find_key(comparison.axis, "axes");
  const std::string only = only_level(summary, comparison);
  const bool choice = !study::is_off(comparison.baseline);
  Speech speech{.helped = "helped", .hurt = "hurt"};
  if (choice)
    speech = {
        .helped = "did better", .hurt = "did worse", .than = " than " + baseline_text(summary, comparison)};
  speech.names_level = !only.empty() && (choice || comparison.axis != kRatio);
  const bool plural = speech.names_level ? key.treatment.plural && !choice : choice || key.treatment.plural;
  speech.pronoun = plural ? "they" : "it";
  speech.subject = begun(comparison.axis, speech.names_level ? only
                                          : choice           ? key.treatment.others
                                                             : key.noun());
  return speech;
}

// "+8.4 points (95 % interval 7.1 to 9.7, 10 seeds) from 1 synthetic per real image, with 100 real images"
std::string example(const Summary& summary, const study::Comparison& comparison, const Speech& speech,
                    const study::Pair& pair) {
  const Cell& cell = summary.cells[pair.cell];
  const std::string where = circumstances(summary, cell, comparison.axis);
  return points(pair.accuracy) +
         (speech.names_level ? "" : " from " + level_phrase(comparison.axis, cell.settings)) +
         (where.empty() ? "" : ", with " + where);
}

std::string one_pair(const Summary& summary, const study::Comparison& comparison, const study::Pair& pair) {
  const Cell& cell = summary.cells[pair.cell];
  const std::string where = circumstances(summary, cell, comparison.axis);
  std::string what = level_phrase(comparison.axis, cell.settings);
  if (!study::is_off(comparison.baseline)) {
    what += " instead of " + baseline_text(summary, comparison);
  } else if (comparison.axis == kRatio) {
    what = (cell.settings.data.mode == data::MixMode::replace ? "training on " : "adding ") + what;
  }
  return (where.empty() ? begun(comparison.axis, what) : "With " + where + ", " + what) +
         " changed test accuracy by " + points(pair.accuracy) + ": " +
         verdict_text(words_of(summary, comparison), pair.verdict) + ".";
}

struct Outcome {
  std::size_t helped = 0, hurt = 0;
  const study::Pair *best = nullptr, *worst = nullptr;
};

Outcome count(const std::vector<study::Pair>& pairs) {
  Outcome outcome;
  for (const study::Pair& pair : pairs) {
    if (pair.verdict == study::Verdict::help) {
      ++outcome.helped;
      if (outcome.best == nullptr || pair.accuracy.mean > outcome.best->accuracy.mean) outcome.best = &pair;
    } else if (pair.verdict == study::Verdict::hurt) {
      ++outcome.hurt;
      if (outcome.worst == nullptr || pair.accuracy.mean < outcome.worst->accuracy.mean)
        outcome.worst = &pair;
    }
  }
  return outcome;
}

std::string many_pairs(const Summary& summary, const study::Comparison& comparison,
                       const std::vector<study::Pair>& pairs) {
  const Speech speech = speech_of(summary, comparison);
  const auto [helped, hurt, best, worst] = count(pairs);
  const std::string of_all = " of " + counted(pairs.size(), "comparison");
  if (helped + hurt == 0) {
    const std::string against = speech.than.empty() ? "" : " against" + speech.than.substr(5);
    return speech.subject + " made no clear difference" + against + " in any" + of_all + ".";
  }
  std::string text = speech.subject + " ";
  if (best != nullptr) {
    text += speech.helped + speech.than + " in " + with_commas(helped) + of_all + ", most by " +
            example(summary, comparison, speech, *best);
  }
  if (worst != nullptr) {
    text += best == nullptr ? speech.hurt + speech.than + " in " + with_commas(hurt) + of_all
                            : "; " + speech.pronoun + " " + speech.hurt + " in " + with_commas(hurt);
    text += ", most by " + example(summary, comparison, speech, *worst);
  }
  const std::size_t rest = pairs.size() - helped - hurt;
  const std::string but = best == nullptr    ? ", and " + speech.helped + " in none."
                          : worst == nullptr ? ", and " + speech.hurt + " in none."
                                             : ".";
  if (rest == 0) return text + but;
  return text + but + (rest == 1 ? " The other one shows" : " The other " + with_commas(rest) + " show") +
         " no clear difference.";
}

const std::string kNone;

}  // namespace

const std::string& ComparisonWords::verb(study::Verdict verdict) const {
  return verdict == study::Verdict::help ? help : verdict == study::Verdict::hurt ? hurt : kNone;
}

const std::string& ComparisonWords::verbs(study::Verdict verdict) const {
  return verdict == study::Verdict::help ? helps : verdict == study::Verdict::hurt ? hurts : kNone;
}

ComparisonWords words_of(const Summary& summary, const study::Comparison& comparison) {
  const study::Key& key = study::find_key(comparison.axis, "axes");
  const std::string against = baseline_text(summary, comparison),
                    treatment = (key.treatment.definite ? "the " : "") + key.noun();
  if (study::is_off(comparison.baseline)) {
    return {.heading = "What " + treatment + " did",
            .chart_title = "What " + treatment + " changed",
            .against = against,
            .same_cell = "without " + key.noun(),
            .help = "help",
            .hurt = "hurt",
            .helps = "helps",
            .hurts = "hurts"};
  }
  const std::string only = only_level(summary, comparison);
  return {
      .heading = begun(comparison.axis, only.empty() ? key.treatment.others : only) + " against " + against,
      .chart_title = "Change against " + against,
      .against = against,
      .same_cell = "with " + against,
      .help = "better",
      .hurt = "worse",
      .helps = "better",
      .hurts = "worse",
      .be = "is "};
}

std::string verdict_text(const ComparisonWords& words, study::Verdict verdict) {
  return words.verb(verdict).empty() ? choice_name(verdict) : words.verb(verdict);
}

std::string comparison_sentence(const Summary& summary, const study::Comparison& comparison) {
  const std::vector<study::Pair> pairs = comparison.decided();
  if (pairs.empty()) return "";
  return pairs.size() == 1 ? one_pair(summary, comparison, pairs.front())
                           : many_pairs(summary, comparison, pairs);
}

std::string interval_text(const study::Estimate& estimate) {
  if (!estimate.has_interval()) return counted(estimate.n, "seed");
  const int digits = digits_for(estimate);
  return "95 % interval " + fixed(100 * estimate.low(), digits) + " to " +
         fixed(100 * estimate.high(), digits) + ", " + counted(estimate.n, "seed");
}

int digits_for(const study::Estimate& estimate) {
  return estimate.has_interval() && estimate.half_width < 0.005 ? 2 : 1;
}

}  // namespace titrate::report
