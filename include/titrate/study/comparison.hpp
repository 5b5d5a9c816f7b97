// Whether a treatment made a difference: each cell that had it against the cell that differs in nothing else,
// over the seeds that both have.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "titrate/core/choice.hpp"
#include "titrate/study/statistics.hpp"
#include "titrate/study/study.hpp"

namespace titrate::study {

// help: the interval of the difference lies wholly above 0; hurt: wholly below.
enum class Verdict { help, hurt, no_clear_difference, too_few_seeds };
constexpr auto choices(Verdict) {
  return choice_table<Verdict>({{Verdict::help, "help"},
                                {Verdict::hurt, "hurt"},
                                {Verdict::no_clear_difference, "no clear difference"},
                                {Verdict::too_few_seeds, "too few seeds"}});
}
Verdict verdict_of(const Estimate& difference);

// One cell of the grid under one test condition, with the accuracy of each of its seeds, by seed.
struct Arm {
  const Settings* settings = nullptr;
  double test_noise_level = 0;
  std::vector<SeedValue> accuracies{};
};

struct Pair {
  std::size_t cell = 0, baseline = 0;    // indices of arms
  std::vector<SeedValue> differences{};  // in accuracy, as fractions of 1
  Estimate accuracy{};                   // their mean
  Verdict verdict = Verdict::too_few_seeds;
};

// All that was asked of one axis.
struct Comparison {
  std::string axis{};         // a key
  Value baseline{};           // the level that the others are compared with
  std::vector<Pair> pairs{};  // in the order of their cells; never empty

  std::vector<Pair> decided() const;  // those with enough seeds to have an interval
};

// The keys that are treatments, in the order in which comparisons are told: what is done to images and
// labels, then to training, then to the network.
std::vector<std::string> treatments();

// Whether the level is that of no treatment at all: 0, an empty list, "none" or false.
bool is_off(const Value& level);

// What the study says in [report] baseline, else the level of no treatment, else the axis's first.
Value baseline_of(const Study& study, const Axis& axis);

// One for each treatment that the study sweeps, in the order of treatments(). Pure.
std::vector<Comparison> compare(const Study& study, std::span<const Arm> arms);

// Takes a level of [report] baseline. Throws Error (usage) at `where` for an unknown key, one that is no
// treatment, or a value that its key does not take.
void set_baseline(Study& study, const std::string& key, const Value& level, const std::string& where);

// Throws Error (usage) for a baseline whose axis is not swept, or has no such level.
void check_baselines(const Study& study, const std::string& where);

}  // namespace titrate::study
