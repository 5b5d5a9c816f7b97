#include "titrate/core/value.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "titrate/core/choice.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "toml_tree.hpp"

namespace titrate {
namespace {

using List = std::vector<Value>;

struct JsonWriter {
  std::string operator()(bool flag) const { return flag ? "true" : "false"; }
  std::string operator()(std::int64_t number) const { return std::to_string(number); }
  std::string operator()(double number) const { return shortest(number); }
  std::string operator()(const std::string& text) const {
    try {
      return nlohmann::json(text).dump();
    } catch (const nlohmann::json::exception&) {
      throw Error({.code = ErrorCode::usage, .where = text, .what = "not valid UTF-8"});
    }
  }
  std::string operator()(const List& list) const {
    std::vector<std::string> parts;
    for (const Value& item : list) parts.push_back(to_json(item));
    return "[" + join(parts, ", ") + "]";
  }
};

// 10000000, which its shortest form would not show in digits.
std::string plain(double number) {
  return number == std::floor(number) && std::fabs(number) < 1e15 ? fixed(number, 0) : shortest(number);
}

// A value on its way to a key.
struct Check {
  const DocumentKey& key;
  const std::string& where;

  [[noreturn]] void refuse(const std::string& what, const std::string& expected = "",
                           const std::string& got = "") const {
    throw Error({.code = ErrorCode::usage, .where = where, .what = what, .expected = expected, .got = got});
  }
  [[noreturn]] void refuse_type(const Value& value) const {
    refuse("wrong type", describe(key.type), describe(value));
  }
  void need_in_range(double number, const Value& value) const {
    if (!key.range.holds(number)) refuse("out of range", key.range.text(), to_json(value));
  }

  std::int64_t integer(const Value& value) const {
    const auto* whole = std::get_if<std::int64_t>(&value.data);
    if (whole == nullptr) refuse_type(value);
    need_in_range(static_cast<double>(*whole), value);
    return *whole;
  }
  double number(const Value& value) const {
    const auto* whole = std::get_if<std::int64_t>(&value.data);
    const auto* real = std::get_if<double>(&value.data);
    if (whole == nullptr && real == nullptr) refuse_type(value);
    const double number = whole != nullptr ? static_cast<double>(*whole) : *real;
    need_in_range(number, value);
    return number;
  }
  std::string text(const Value& value) const {
    if (std::holds_alternative<std::int64_t>(value.data)) return std::to_string(integer(value));
    const auto* text = std::get_if<std::string>(&value.data);
    if (text == nullptr) refuse_type(value);
    if (has_control(*text, key.many_lines ? "\n\t" : ""))
      refuse("a control character in the text", key.many_lines ? "" : "one line of text");
    if (!key.choices.empty() && std::ranges::find(key.choices, *text) == key.choices.end())
      refuse_choice(*text, key.choices, where);
    return *text;
  }
  template <class Item>
  Value list(const Value& value, const Item& item) const {
    const auto* items = std::get_if<List>(&value.data);
    if (items != nullptr && items->empty() && key.type == KeyType::integers) refuse("the list is empty");
    List made;
    for (const Value& one : items == nullptr ? List{value} : *items) made.push_back(item(one));
    return made;
  }
};

template <class Item>
std::vector<Item> items_of(const Value& value) {
  std::vector<Item> items;
  for (const Value& item : std::get<List>(value.data)) items.push_back(std::get<Item>(item.data));
  return items;
}

}  // namespace

std::string to_json(const Value& value) { return std::visit(JsonWriter{}, value.data); }

std::string describe(const Value& value) {
  constexpr const char* kNames[] = {"a boolean", "a whole number", "a number", "text", "a list"};
  return std::string(kNames[value.data.index()]) + ", " + to_json(value);
}

bool Range::holds(double value) const {
  const bool enough = above_low ? value > low : value >= low;
  return std::isfinite(value) && enough && (below_high ? value < high : value <= high);
}

std::string Range::text() const {
  const std::string least = above_low ? "above " + plain(low) : plain(low);
  if (!std::isfinite(high)) return above_low ? least : least + " or more";
  if (below_high) return least + (above_low ? " and below " : " or more, below ") + plain(high);
  return above_low ? least + ", at most " + plain(high) : least + " to " + plain(high);
}

const char* describe(KeyType type) {
  switch (type) {
    case KeyType::flag:
      return "true or false";
    case KeyType::integer:
      return "a whole number";
    case KeyType::number:
      return "a number";
    case KeyType::text:
      return "text";
    case KeyType::integers:
      return "a whole number, or a list of them";
    case KeyType::numbers:
      return "a number, or a list of them";
    case KeyType::texts:
      return "a list of texts";
    case KeyType::other:
      break;
  }
  return "a number, text or a list of them";
}

Value checked(const DocumentKey& key, const Value& value, const std::string& where) {
  const Check check{key, where};
  switch (key.type) {
    case KeyType::flag:
      if (!std::holds_alternative<bool>(value.data)) check.refuse_type(value);
      return value;
    case KeyType::integer:
      return check.integer(value);
    case KeyType::number:
      return check.number(value);
    case KeyType::text:
      return check.text(value);
    case KeyType::integers:
      return check.list(value, [&](const Value& item) { return check.integer(item); });
    case KeyType::numbers:
      return check.list(value, [&](const Value& item) { return check.number(item); });
    case KeyType::texts:
      return check.list(value, [&](const Value& item) { return check.text(item); });
    case KeyType::other:
      break;
  }
  return value;
}

std::vector<std::int64_t> Values::integers(const std::string& key) const {
  return items_of<std::int64_t>(at(key));
}

std::vector<std::string> Values::texts(const std::string& key) const {
  return items_of<std::string>(at(key));
}

void refuse_unknown_key(const std::string& where, const std::string& key, const std::string& hint) {
  throw Error({.code = ErrorCode::usage,
               .where = where,
               .what = "unknown key \"" + printable(key) + "\"",
               .hint = hint});
}

Assignment parse_assignment(const std::string& text, const std::string& option) {
  const auto refuse = [&](const std::string& what, const std::string& expected = "") {
    throw Error({.code = ErrorCode::usage,
                 .where = option + " " + printable(text),
                 .what = what,
                 .expected = expected});
  };
  if (const auto bad = find_bad_utf8(text)) refuse("byte " + std::to_string(*bad) + " is not UTF-8");
  if (has_control(text, "\n\t")) refuse("a control character in the setting");
  const std::size_t equals = text.find('=');
  std::string key = trim(text.substr(0, equals));
  if (equals == std::string::npos || key.empty()) refuse("not a setting", "KEY=VALUE");
  return {std::move(key), text.substr(equals + 1), option + " " + text};
}

Value parse_value(std::string_view text) {
  const std::string trimmed = trim(text);
  if (const auto node = parse_toml_value(trimmed, "")) {
    if (const auto value = value_of(*node)) return *value;
  }
  return trimmed;
}

Value parse_list(std::string_view text) {
  if (const auto node = parse_toml_value("[" + std::string(text) + "]", "")) {
    if (const auto value = value_of(*node)) return *value;
  }
  std::vector<Value> values;
  for (const std::string& part : split(text, ',')) values.push_back(parse_value(part));
  return values;
}

}  // namespace titrate
