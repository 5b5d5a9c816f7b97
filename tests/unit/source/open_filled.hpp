// A source as a recipe opens it: what is not said falls back.
#pragma once

#include <memory>

#include "titrate/source/source.hpp"

namespace titrate::source {

inline std::unique_ptr<Source> open_filled(SourceSettings settings) {
  fill_fallbacks(settings);
  return open_source(settings);
}

}  // namespace titrate::source
