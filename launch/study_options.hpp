// The options that say which study is meant; sweep and plan share them.
#pragma once

#include <string>

#include "titrate/study/study.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace titrate {

struct StudyOptions {
  std::string file{};
  study::StudyOverrides overrides{};
};

// Returns the study itself, which is required.
CLI::Option* bind_study(CLI::App& command, StudyOptions& options);

// An option that is "auto", which is 0, or a number of 1 or more.
CLI::Option* bind_count(CLI::App& command, const std::string& name, int& count, const std::string& help);

}  // namespace titrate
