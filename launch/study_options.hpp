// The options that say which study is meant; sweep and plan share them.
#pragma once

#include <string>

#include "titrate/sweep/study.hpp"

namespace CLI {
class App;
}

namespace titrate {

struct StudyOptions {
  std::string file{};
  sweep::StudyOverrides overrides{};
};

void bind_study(CLI::App& command, StudyOptions& options);

}  // namespace titrate
