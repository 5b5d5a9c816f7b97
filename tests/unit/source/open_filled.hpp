// A source as a recipe opens it: what is not said falls back.
#pragma once

#include <memory>

#include "titrate/source/source.hpp"

namespace titrate::source {

inline std::unique_ptr<Source> open_filled(SourceSettings settings) {
  for (const DocumentKey& key : find_kind(settings.kind, settings.where).keys) {
    if (key.fallback) settings.values.try_emplace(key.name, *key.fallback);
  }
  return open_source(settings);
}

}  // namespace titrate::source
