#include "toml_reader.hpp"

#include <algorithm>
#include <sstream>

#include "titrate/core/text.hpp"
#include "titrate/core/toml_text.hpp"
#include "titrate/prep/recipe.hpp"

namespace titrate::prep {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

void check_utf8(std::string_view text, const std::string& where) {
  std::size_t place = 0;
  while (place < text.size()) {
    const std::size_t length = utf8_length(text.substr(place));
    if (length == 0) refuse_recipe(where, "byte " + std::to_string(place) + " is not UTF-8");
    place += length;
  }
}

std::string printable(std::string text) {
  const auto odd = [](char c) { return is_control(c) || static_cast<unsigned char>(c) >= 0x80; };
  std::ranges::replace_if(text, odd, '?');
  return text;
}

toml::table parse_text(const std::string& text, const std::string& where) {
  check_utf8(text, where);
  if (const auto stray = find_stray_byte(text)) {
    refuse_recipe(where + ":" + std::to_string(line_of(text, *stray)),
                  "a character that is not ASCII outside of quotes and comments");
  }
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    refuse_recipe(where + ":" + std::to_string(error.source().begin.line), std::string(error.description()));
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

TomlDocument::TomlDocument(const std::string& text, const std::string& where,
                           std::span<const std::string> overrides)
    : where_(where), overrides_(overrides.begin(), overrides.end()), root_(parse_text(text, where)) {
  for (const std::string& setting : overrides_) apply(setting);
}

void TomlDocument::apply(const std::string& setting) {
  check_utf8(setting, "--set " + printable(setting));
  if (std::ranges::any_of(setting, is_control))
    refuse_recipe("--set " + printable(setting), "a control character in the setting");
  const std::string where = "--set " + setting;
  const std::size_t equals = setting.find('=');
  const std::vector<std::string> keys = split(setting.substr(0, equals), '.');
  if (equals == std::string::npos || keys.empty()) refuse_recipe(where, "not a setting", "KEY=VALUE");
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
    if (next == nullptr) refuse_recipe(where, "there is no \"" + keys[i] + "\" to set a value in");
    node = next;
  }
  toml::table* table = node->as_table();
  if (table == nullptr) refuse_recipe(where, "\"" + keys.back() + "\" does not lie in a table");
  toml::table value = parse_value(setting.substr(equals + 1));
  value.get("value")->visit([&](auto& found) { table->insert_or_assign(keys.back(), std::move(found)); });
}

std::string TomlDocument::where(const std::string& dotted_key, const toml::node& node) const {
  for (auto setting = overrides_.rbegin(); setting != overrides_.rend(); ++setting) {
    if (says(*setting, dotted_key)) return "--set " + *setting;
  }
  const auto line = node.source().begin.line;
  return line == 0 ? where_ : where_ + ":" + std::to_string(line);
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
  refuse_recipe(where(key), what, expected, got, hint);
}

void TomlTable::refuse_type(const std::string& key, const char* expected) const {
  refuse(key, "wrong type", expected, type_name(*table_.get(key)));
}

void TomlTable::allow(std::span<const source::Key> known) const {
  std::vector<std::string> names;
  for (const source::Key& key : known) names.push_back(key.name);
  for (const auto& [key, node] : table_) {
    const std::string name(key.str());
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    const auto near = nearest(name, names);
    refuse(name, "unknown key", "", "",
           near ? "did you mean \"" + *near + "\"?" : "known are " + join(names, ", "));
  }
  for (const source::Key& key : known) {
    if (key.required && !has(key.name)) refuse(key.name, "the key is missing");
  }
}

void TomlTable::check_text(const std::string& key, const std::string& text) const {
  if (std::ranges::any_of(text, is_control))
    refuse(key, "a control character in the text", "one line of text");
}

std::string TomlTable::text(const std::string& key, const std::string& fallback) const {
  if (!has(key)) return fallback;
  const auto value = table_.get(key)->value_exact<std::string>();
  if (!value) refuse_type(key, "a string");
  check_text(key, *value);
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

double TomlTable::number(const std::string& key, double fallback, double low, double high) const {
  if (!has(key)) return fallback;
  const auto value = table_.get(key)->value<double>();
  if (!value || !table_.get(key)->is_number()) refuse_type(key, "a number");
  if (!(*value >= low && *value <= high)) {
    refuse(key, "out of range", shortest(low) + " to " + shortest(high), shortest(*value));
  }
  return *value;
}

bool TomlTable::flag(const std::string& key, bool fallback) const {
  if (!has(key)) return fallback;
  const auto value = table_.get(key)->value_exact<bool>();
  if (!value) refuse_type(key, "true or false");
  return *value;
}

std::vector<std::string> TomlTable::texts(const std::string& key) const {
  if (!has(key)) return {};
  if (is_text(key)) return {text(key, "")};
  const toml::array* array = table_.get(key)->as_array();
  if (array == nullptr) refuse_type(key, "a list of strings");
  std::vector<std::string> values;
  for (const toml::node& node : *array) {
    const auto value = node.value_exact<std::string>();
    if (!value) refuse(key, "wrong type in the list", "strings", type_name(node));
    check_text(key, *value);
    values.push_back(*value);
  }
  return values;
}

std::vector<std::int64_t> TomlTable::integers(const source::Key& key) const {
  if (is_integer(key.name)) return {integer(key.name, 0, key.low, key.high)};
  const toml::array* array = table_.get(key.name)->as_array();
  if (array == nullptr) refuse_type(key.name, "an integer, or a list of them");
  std::vector<std::int64_t> values;
  for (const toml::node& node : *array) {
    const auto value = node.value_exact<std::int64_t>();
    if (!value) refuse(key.name, "wrong type in the list", "integers", type_name(node));
    if (*value < key.low || *value > key.high) {
      refuse(key.name, "out of range", std::to_string(key.low) + " to " + std::to_string(key.high),
             std::to_string(*value));
    }
    values.push_back(*value);
  }
  if (values.empty()) refuse(key.name, "the list is empty");
  return values;
}

std::optional<source::Value> TomlTable::value(const source::Key& key) const {
  if (!has(key.name)) return key.fallback;
  switch (key.type) {
    case source::KeyType::flag:
      return flag(key.name, false);
    case source::KeyType::integer:
      return integer(key.name, 0, key.low, key.high);
    case source::KeyType::integers:
      return integers(key);
    case source::KeyType::texts:
      return texts(key.name);
    default:
      return is_integer(key.name) ? std::to_string(integer(key.name, 0, key.low, key.high))
                                  : text(key.name, "");
  }
}

std::optional<TomlTable> TomlTable::table(const std::string& key) const {
  if (!has(key)) return {};
  const toml::table* found = table_.get(key)->as_table();
  if (found == nullptr) refuse(key, "wrong type", "[" + key + "]", type_name(*table_.get(key)));
  return TomlTable(document_, *found, prefix_ + key + ".");
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
