// Typed values, as TOML, JSON or a command line gives them, and the keys that say which are allowed.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace titrate {

struct Value {
  std::variant<bool, std::int64_t, double, std::string, std::vector<Value>> data{};

  Value() = default;
  Value(bool flag) : data(flag) {}
  Value(std::integral auto number) : data(static_cast<std::int64_t>(number)) {}
  Value(double number) : data(number) {}
  Value(std::string text) : data(std::move(text)) {}
  Value(const char* text) : data(std::string(text)) {}
  Value(std::vector<Value> list) : data(std::move(list)) {}
  template <class Item>
  Value(const std::vector<Item>& list) : data(std::vector<Value>(list.begin(), list.end())) {}

  bool operator==(const Value&) const = default;
};

// Numbers in their shortest form; also valid TOML. Throws Error (usage) for text that is not UTF-8.
std::string to_json(const Value& value);

// For messages: "text, \"3\"", "a whole number, 3".
std::string describe(const Value& value);

// What a number may be: finite, and 0 or more unless it says otherwise.
struct Range {
  double low = 0, high = std::numeric_limits<double>::infinity();
  bool above_low = false, below_high = false;  // the ends themselves are out

  bool holds(double value) const;
  std::string text() const;  // "0 to 1", "above 0", "1 or more"
};

// What a key takes. text: a whole number is its digits. integers, numbers, texts: a single one too. other: a
// table, or one of several types; whoever reads the key knows.
enum class KeyType { flag, integer, number, text, integers, numbers, texts, other };

const char* describe(KeyType type);  // for messages: "a whole number"

// A key of a document: what a reader allows and what the help says of it.
struct DocumentKey {
  std::string name{};
  KeyType type = KeyType::text;
  std::optional<Value> fallback{};  // empty: where it is not given, it is not there
  std::string otherwise{};          // what holds then, for the help; empty: the fallback
  std::string help{};
  bool required = false;
  Range range{};                       // of numbers
  std::vector<std::string> choices{};  // of a text; empty: any
  bool many_lines = false;             // of texts: ends of lines and tabs are allowed
};

// The value as the key takes it: of its type, within its range, text without control characters. Throws Error
// (usage); `where` names place and key.
Value checked(const DocumentKey& key, const Value& value, const std::string& where);

// Values of keys, by name. The readers by type want a key that is there and of that type.
struct Values : std::map<std::string, Value> {
  using map::map;

  bool has(const std::string& key) const { return contains(key); }
  bool flag(const std::string& key) const { return std::get<bool>(at(key).data); }
  std::int64_t integer(const std::string& key) const { return std::get<std::int64_t>(at(key).data); }
  double number(const std::string& key) const { return std::get<double>(at(key).data); }
  const std::string& text(const std::string& key) const { return std::get<std::string>(at(key).data); }
  std::vector<std::int64_t> integers(const std::string& key) const;
  std::vector<std::string> texts(const std::string& key) const;
};

// Throws the Error (usage) of a key that nothing knows; `hint` is that of did_you_mean().
[[noreturn]] void refuse_unknown_key(const std::string& where, const std::string& key,
                                     const std::string& hint);

// KEY=VALUE, as an option takes it.
struct Assignment {
  std::string key{};
  std::string value{};  // not read yet: a value or a list
  std::string where{};  // "--set KEY=VALUE"
};

// Throws Error (usage): no KEY=, bytes that are not UTF-8, control characters.
Assignment parse_assignment(const std::string& text, const std::string& option);

// The value as TOML where it is some ("0.3", "true", "[1, 2]", "\"text\""), else the text itself: words need
// no quotes.
Value parse_value(std::string_view text);

// The same for "1, 2" or "add,replace": always a list. TOML where all of it is some, else the parts between
// commas, each a value.
Value parse_list(std::string_view text);

}  // namespace titrate
