#include <algorithm>

#include "titrate/study/study.hpp"

namespace titrate::study {

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

}  // namespace titrate::study
