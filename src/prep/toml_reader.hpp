// Strict reading of a TOML file: every value is asked for by name, type and range, and what was not asked for
// is an error. Private to this module; recipe.cpp alone includes toml++, through this header.
#pragma once

#include "titrate/core/toml.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "titrate/source/source.hpp"

namespace titrate::prep {

// A parsed file with KEY=VALUE settings laid over it. Knows where each value was said.
class TomlDocument {
 public:
  // `where` names the text. Throws Error (usage): not TOML, or a setting whose key leads nowhere.
  TomlDocument(const std::string& text, const std::string& where, std::span<const std::string> overrides);

  const toml::table& root() const { return root_; }

  // "recipe.toml:12", or the setting that said it: "--set seed=x".
  std::string where(const std::string& dotted_key, const toml::node& node) const;
  std::string where() const { return where_; }

 private:
  void apply(const std::string& setting);

  std::string where_;
  std::vector<std::string> overrides_;
  toml::table root_;
};

// One table of a document. Throws Error (usage) naming place and key.
class TomlTable {
 public:
  TomlTable(const TomlDocument& document, const toml::table& table, std::string prefix);

  // Refuses every key that is not in `known`, and a table without one that is required.
  void allow(std::span<const source::Key> known) const;

  // "recipe.toml:12: source.0.path" of a key that is there, else the place of the table.
  std::string where(const std::string& key) const;

  bool has(const std::string& key) const { return table_.contains(key); }

  // The value of a key, of its type and within its range; its fallback where it is not there; nothing where
  // it has none.
  std::optional<source::Value> value(const source::Key& key) const;

  // The same for keys whose type is known here.
  std::string text(const std::string& key, const std::string& fallback) const;  // one line of UTF-8
  std::int64_t integer(const std::string& key, std::int64_t fallback, std::int64_t low,
                       std::int64_t high) const;
  double number(const std::string& key, double fallback, double low, double high) const;  // also an integer
  bool flag(const std::string& key, bool fallback) const;
  std::vector<std::string> texts(const std::string& key) const;  // a list of strings, or one
  std::vector<TomlTable> tables(const std::string& key) const;   // [[key]]; none where it is not there
  std::optional<TomlTable> table(const std::string& key) const;  // [key]
  bool is_text(const std::string& key) const { return has(key) && table_.get(key)->is_string(); }
  bool is_integer(const std::string& key) const { return has(key) && table_.get(key)->is_integer(); }

  [[noreturn]] void refuse(const std::string& key, const std::string& what, const std::string& expected = "",
                           const std::string& got = "", const std::string& hint = "") const;

 private:
  void check_text(const std::string& key, const std::string& text) const;
  std::vector<std::int64_t> integers(const source::Key& key) const;  // a list of integers, or one
  [[noreturn]] void refuse_type(const std::string& key, const char* expected) const;

  const TomlDocument& document_;
  const toml::table& table_;
  std::string prefix_;  // "source.0." or nothing
};

}  // namespace titrate::prep
