// A parsed TOML text as a tree of our own, so that toml++ stays in one file. Private to this module.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "titrate/core/value.hpp"

namespace titrate {

struct TomlNode {
  enum class Kind { scalar, list, table, date };

  Kind kind = Kind::table;
  Value scalar{};                               // of a scalar
  std::vector<TomlNode> children{};             // of a list or a table
  std::vector<std::string> names{};             // of a table's children
  std::string where{};                          // "recipe.toml:12", "--set seed=3"
  std::pair<std::size_t, std::size_t> place{};  // line and column: the order of the text

  // Of a table: the child of that name; null where there is none.
  TomlNode* find(const std::string& name);
  const TomlNode* find(const std::string& name) const { return const_cast<TomlNode*>(this)->find(name); }
  void set(const std::string& name, TomlNode child);  // adds or replaces it
};

// A text as its table. Throws Error (usage) that names `where` and the line.
TomlNode parse_toml(const std::string& text, const std::string& where);

// "3" as the value that "key = 3" gives; nothing where that is no TOML, or more than one value. All of it is
// at `where`.
std::optional<TomlNode> parse_toml_value(std::string_view text, const std::string& where);

// Nothing for a table, a date, and a list that holds one.
std::optional<Value> value_of(const TomlNode& node);

std::string describe(const TomlNode& node);  // for messages, as of a value

}  // namespace titrate
