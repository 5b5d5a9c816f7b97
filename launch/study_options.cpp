#include "study_options.hpp"

#include <CLI/CLI.hpp>

namespace titrate {
namespace {

std::string list_of_keys() {
  std::string text = "Keys of a study, with their defaults:\n";
  const sweep::Settings defaults;
  const auto values = sweep::all_values(defaults);
  sweep::for_each_key(defaults, [&](const std::string& key, const auto&, const std::string& help) {
    const std::string left = "  " + key + " = " + sweep::to_json(values.at(key));
    text += left + std::string(left.size() < 42 ? 42 - left.size() : 1, ' ') + help + "\n";
  });
  return text;
}

}  // namespace

void bind_study(CLI::App& command, StudyOptions& options) {
  command.add_option("study", options.file, "the study, a TOML file")->required()->type_name("STUDY.toml");
  command.add_option("--dataset", options.overrides.dataset, "the dataset folder, instead of the study's")
      ->type_name("DIR");
  // Values may hold commas and brackets, which CLI11 would take for lists of its own.
  command.add_option("--axis", options.overrides.axes, "replaces or adds an axis")
      ->type_name("KEY=V,V,...")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  command.add_option("--set", options.overrides.set, "sets a key of the study")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  command.footer(list_of_keys);
}

}  // namespace titrate
