// What a recipe says of a source, as data: the keys that a kind knows, and the values that were given.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "titrate/shard/format.hpp"

namespace titrate::source {

using Value =
    std::variant<bool, std::int64_t, std::string, std::vector<std::int64_t>, std::vector<std::string>>;

// text also takes an integer (a column by number); integers and texts also take a single value.
enum class KeyType { flag, integer, text, integers, texts, tables };

// A key of a recipe: what a reader allows and what the help says of it.
struct Key {
  std::string name{};
  KeyType type = KeyType::text;
  std::optional<Value> fallback{};  // empty: where it is not given, it is not there
  std::string otherwise{};          // what holds then, for the help; empty: the fallback
  std::string help{};
  bool required = false;
  std::int64_t low = 0;  // of integers
  std::int64_t high = std::numeric_limits<std::int64_t>::max();
};

// One [[source]], resolved: every value is of the type that the key says and within its range.
struct Settings {
  std::string kind{};
  std::string where{};                    // for messages: "recipe.toml:12: source.0.kind = \"glyphs\""
  std::filesystem::path path{};           // the folder or file
  std::vector<std::string> classes{};     // class names; empty: those of the source
  std::optional<shard::Split> split{};    // only these images, or: all images are of this split
  std::map<std::string, Value> values{};  // the kind's own keys, fallbacks filled in

  bool has(const std::string& key) const { return values.contains(key); }
  bool flag(const std::string& key) const { return std::get<bool>(values.at(key)); }
  std::int64_t integer(const std::string& key) const { return std::get<std::int64_t>(values.at(key)); }
  const std::string& text(const std::string& key) const { return std::get<std::string>(values.at(key)); }
  const std::vector<std::int64_t>& integers(const std::string& key) const {
    return std::get<std::vector<std::int64_t>>(values.at(key));
  }
  const std::vector<std::string>& texts(const std::string& key) const {
    return std::get<std::vector<std::string>>(values.at(key));
  }
};

}  // namespace titrate::source
