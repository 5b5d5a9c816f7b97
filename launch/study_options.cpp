#include "study_options.hpp"

#include <CLI/CLI.hpp>

#include "titrate/core/text.hpp"

namespace titrate {

CLI::Option* bind_study(CLI::App& command, StudyOptions& options) {
  CLI::Option* study = command.add_option("study", options.file, "the study, a TOML file")
                           ->required()
                           ->type_name("STUDY.toml");
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
  command.footer(study::keys_help);
  return study;
}

CLI::Option* bind_count(CLI::App& command, const std::string& name, int& count, const std::string& help) {
  const auto read = [&count, name](const std::string& text) {
    const auto number = parse_integer(text);
    if (text != "auto" && (!number || *number < 1 || *number > 1'000'000))
      throw CLI::ValidationError(name, "expected auto or a number of 1 or more, got " + text);
    count = number ? static_cast<int>(*number) : 0;
  };
  return command.add_option_function<std::string>(name, read, help)->default_str("auto")->type_name("auto|N");
}

}  // namespace titrate
