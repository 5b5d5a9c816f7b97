#include "toml_reader.hpp"

#include <algorithm>
#include <sstream>
#include <system_error>

#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/text.hpp"

namespace titrate::prep {
namespace {

[[noreturn]] void fail(const std::string& where, const std::string& what, const std::string& expected = "",
                       const std::string& got = "", const std::string& hint = "") {
  throw Error({.code = ErrorCode::usage,
               .where = where,
               .what = what,
               .expected = expected,
               .got = got,
               .hint = hint});
}

std::string read_existing(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error) && !error) fail(file.string(), "there is no such file");
  return read_text(file);
}

toml::table parse_file(const std::filesystem::path& file) {
  try {
    return toml::parse(read_existing(file));
  } catch (const toml::parse_error& error) {
    fail(file.string() + ":" + std::to_string(error.source().begin.line), std::string(error.description()));
  }
}

// As TOML where it is some, else as a plain string: --set name=mnist needs no quotes.
toml::table parse_value(const std::string& text) {
  try {
    toml::table parsed = toml::parse("value = " + text);
    if (parsed.size() == 1) return parsed;
  } catch (const toml::parse_error&) {
  }
  toml::table plain;
  plain.insert("value", text);
  return plain;
}

std::string type_name(const toml::node& node) {
  std::ostringstream text;
  text << node.type();
  return text.str();
}

// "--set a.b=1" says a.b, and everything under it.
bool says(const std::string& setting, const std::string& key) {
  const std::string said = setting.substr(0, setting.find('='));
  return key == said || key.starts_with(said + ".");
}

}  // namespace

TomlDocument::TomlDocument(const std::filesystem::path& file, std::span<const std::string> overrides)
    : file_(file), overrides_(overrides.begin(), overrides.end()), root_(parse_file(file)) {
  for (const std::string& setting : overrides_) apply(setting);
}

void TomlDocument::apply(const std::string& setting) {
  const std::string where = "--set " + setting;
  const std::size_t equals = setting.find('=');
  const std::vector<std::string> keys = split(setting.substr(0, equals), '.');
  if (equals == std::string::npos || keys.empty()) fail(where, "not a setting", "KEY=VALUE");
  toml::node* node = &root_;
  for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
    toml::node* next = nullptr;
    if (toml::table* table = node->as_table()) {
      if (!table->contains(keys[i])) table->insert(keys[i], toml::table{});
      next = table->get(keys[i]);
    } else if (toml::array* array = node->as_array()) {
      const auto index = parse_integer(keys[i]);
      if (index && *index >= 0) next = array->get(static_cast<std::size_t>(*index));
    }
    if (next == nullptr) fail(where, "there is no \"" + keys[i] + "\" to set a value in");
    node = next;
  }
  toml::table* table = node->as_table();
  if (table == nullptr) fail(where, "\"" + keys.back() + "\" does not lie in a table");
  toml::table value = parse_value(setting.substr(equals + 1));
  value.get("value")->visit([&](auto& found) { table->insert_or_assign(keys.back(), std::move(found)); });
}

std::string TomlDocument::where(const std::string& dotted_key, const toml::node& node) const {
  for (auto setting = overrides_.rbegin(); setting != overrides_.rend(); ++setting) {
    if (says(*setting, dotted_key)) return "--set " + *setting;
  }
  const auto line = node.source().begin.line;
  return line == 0 ? file_.string() : file_.string() + ":" + std::to_string(line);
}

TomlTable::TomlTable(const TomlDocument& document, const toml::table& table, std::string prefix)
    : document_(document), table_(table), prefix_(std::move(prefix)) {}

std::string TomlTable::where(const std::string& key) const {
  if (const toml::node* node = table_.get(key))
    return document_.where(prefix_ + key, *node) + ": " + prefix_ + key;
  const std::string place = prefix_.empty() ? document_.where() : document_.where(prefix_, table_);
  return place + ": " + prefix_ + key;
}

void TomlTable::refuse(const std::string& key, const std::string& what, const std::string& expected,
                       const std::string& got, const std::string& hint) const {
  fail(where(key), what, expected, got, hint);
}

void TomlTable::refuse_type(const std::string& key, const char* expected) const {
  refuse(key, "wrong type", expected, type_name(*table_.get(key)));
}

void TomlTable::allow(const std::vector<std::string>& known) const {
  for (const auto& [key, node] : table_) {
    const std::string name(key.str());
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const auto near = nearest(name, known);
    refuse(name, "unknown key", "", "",
           near ? "did you mean \"" + *near + "\"?" : "known are " + join(known, ", "));
  }
}

void TomlTable::require(const std::string& key) const {
  if (!has(key)) refuse(key, "the key is missing");
}

std::string TomlTable::text(const std::string& key, const std::string& fallback) const {
  if (!has(key)) return fallback;
  const auto value = table_.get(key)->value_exact<std::string>();
  if (!value) refuse_type(key, "a string");
  return *value;
}

std::int64_t TomlTable::integer(const std::string& key, std::int64_t fallback, std::int64_t low,
                                std::int64_t high) const {
  if (!has(key)) return fallback;
  const auto value = table_.get(key)->value_exact<std::int64_t>();
  if (!value) refuse_type(key, "an integer");
  if (*value < low || *value > high) {
    refuse(key, "out of range", std::to_string(low) + " to " + std::to_string(high), std::to_string(*value));
  }
  return *value;
}

std::vector<std::string> TomlTable::texts(const std::string& key) const {
  if (!has(key)) return {};
  const toml::array* array = table_.get(key)->as_array();
  if (array == nullptr) refuse_type(key, "a list of strings");
  std::vector<std::string> values;
  for (const toml::node& node : *array) {
    const auto value = node.value_exact<std::string>();
    if (!value) refuse(key, "wrong type in the list", "strings", type_name(node));
    values.push_back(*value);
  }
  return values;
}

std::vector<TomlTable> TomlTable::tables(const std::string& key) const {
  std::vector<TomlTable> result;
  if (!has(key)) return result;
  const toml::array* array = table_.get(key)->as_array();
  if (array == nullptr) refuse(key, "wrong type", "[[" + key + "]]", type_name(*table_.get(key)));
  for (std::size_t i = 0; i < array->size(); ++i) {
    const toml::table* table = array->get(i)->as_table();
    if (table == nullptr) refuse(key, "wrong type in the list", "tables, [[" + key + "]]");
    result.emplace_back(document_, *table, prefix_ + key + "." + std::to_string(i) + ".");
  }
  return result;
}

}  // namespace titrate::prep
