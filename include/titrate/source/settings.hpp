// What a recipe says of one source, as data.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "titrate/core/value.hpp"
#include "titrate/shard/format.hpp"

namespace titrate::source {

// One [[source]], resolved: every value is of the type that the key says and within its range.
struct SourceSettings {
  std::string kind{};
  std::string where{};                  // for messages: "recipe.toml:12: source.0.kind = \"glyphs\""
  std::filesystem::path path{};         // the folder or file
  std::vector<std::string> classes{};   // class names; empty: those of the source
  std::optional<shard::Split> split{};  // only these images, or: all images are of this split
  Values values{};                      // of the kind's own keys, fallbacks filled in
};

}  // namespace titrate::source
