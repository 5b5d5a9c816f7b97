#include "titrate/sweep/check.hpp"

#include <algorithm>
#include <set>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/sweep/setup.hpp"
#include "titrate/train/preparation.hpp"

namespace titrate::sweep {

std::string describe_cell(const Settings& settings) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : changed_values(settings)) {
    if (key != "seed") parts.push_back(key + "=" + to_json(value));
  }
  return join(parts, " ");
}

std::string describe_trial(const Settings& settings) {
  const std::string cell = describe_cell(settings);
  return cell + (cell.empty() ? "" : " ") + "seed=" + std::to_string(settings.seed);
}

std::vector<std::string> keys_without_effect(std::span<const Trial> trials) {
  struct Use {
    const char* key;
    bool (*used)(const Settings&);
  };
  constexpr auto with_sgd = [](const Settings& s) { return s.train.optimizer == "sgd"; };
  constexpr auto with_adam = [](const Settings& s) { return s.train.optimizer != "sgd"; };
  constexpr auto with_plateau = [](const Settings& s) { return s.train.schedule == "plateau"; };
  constexpr auto with_steps = [](const Settings& s) { return s.train.schedule == "step"; };
  constexpr auto with_drops = [](const Settings& s) {
    return s.train.schedule == "step" || s.train.schedule == "plateau";
  };
  constexpr auto with_noise = [](const Settings& s) { return s.data.noise_level > 0; };
  constexpr auto with_synthetic = [](const Settings& s) { return s.data.synthetic_ratio > 0; };
  const Use uses[] = {
      {"train.steps", [](const Settings& s) { return s.train.budget == "steps"; }},
      {"train.epochs", [](const Settings& s) { return s.train.budget == "epochs"; }},
      {"train.momentum", with_sgd},
      {"train.beta1", with_adam},
      {"train.beta2", with_adam},
      {"train.epsilon", with_adam},
      {"train.schedule_epochs", with_steps},
      {"train.schedule_factor", with_drops},
      {"train.schedule_patience", with_plateau},
      {"data.label_noise_to", [](const Settings& s) { return s.data.label_noise > 0; }},
      {"data.noise_draw", with_noise},
      {"data.noise_kind",
       [](const Settings& s) { return s.data.noise_level > 0 || !s.evaluate.noise_levels.empty(); }},
      {"data.mode", with_synthetic},
      {"data.synthetic_classes", with_synthetic},
      {"data.trained_on", with_synthetic},
  };
  std::vector<std::string> idle;
  for (const Use& use : uses) {
    const auto changed = [&](const Trial& trial) { return changed_values(trial.settings).contains(use.key); };
    const auto used = [&](const Trial& trial) { return use.used(trial.settings); };
    if (std::none_of(trials.begin(), trials.end(), used) &&
        std::any_of(trials.begin(), trials.end(), changed))
      idle.emplace_back(use.key);
  }
  return idle;
}

std::vector<Trial> one_of_each_cell(std::span<const Trial> trials) {
  std::vector<Trial> cells;
  std::set<std::string> seen;
  for (const Trial& trial : trials) {
    if (seen.insert(cell_key(trial.settings)).second) cells.push_back(trial);
  }
  return cells;
}

std::vector<Impossible> impossible_cells(std::span<const Trial> trials, const data::Dataset& dataset) {
  std::vector<Impossible> impossible;
  for (const Trial& trial : one_of_each_cell(trials)) {
    try {
      train::prepare(dataset, make_setup(trial.settings, dataset.manifest()));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::usage) throw;
      impossible.push_back({trial.settings, error.what()});
    }
  }
  return impossible;
}

void check_trials(std::span<const Trial> trials, const data::Dataset& dataset) {
  const std::vector<Impossible> impossible = impossible_cells(trials, dataset);
  if (impossible.empty()) return;
  const std::string others =
      impossible.size() == 1 ? ""
                             : " (and " + std::to_string(impossible.size() - 1) + " more; see titrate plan)";
  throw Error({.code = ErrorCode::usage,
               .where = "cell " + describe_cell(impossible[0].settings),
               .what = impossible[0].reason + others});
}

}  // namespace titrate::sweep
