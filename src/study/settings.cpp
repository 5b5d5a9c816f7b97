#include "titrate/study/settings.hpp"

#include <cmath>
#include <limits>
#include <type_traits>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate::study {
namespace {

using List = std::vector<Value>;

const char* kind_of(const Value& value) {
  constexpr const char* kNames[] = {"a boolean", "a whole number", "a number", "text", "a list"};
  return kNames[value.data.index()];
}

// Where a value goes, for messages.
struct Place {
  std::string key;
  std::string where;

  [[noreturn]] void refuse(const char* expected, const Value& value) const {
    throw Error({.code = ErrorCode::usage,
                 .where = where,
                 .what = "\"" + key + "\" has the wrong type or range",
                 .expected = expected,
                 .got = std::string(kind_of(value)) + ", " + to_json(value)});
  }
};

void assign(std::string& member, const Value& value, const Place& place) {
  if (const auto* whole = std::get_if<std::int64_t>(&value.data)) {
    member = std::to_string(*whole);  // a class may be called 7
    return;
  }
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr) place.refuse("text", value);
  member = *text;
}

void assign(bool& member, const Value& value, const Place& place) {
  const auto* flag = std::get_if<bool>(&value.data);
  if (flag == nullptr) place.refuse("true or false", value);
  member = *flag;
}

void assign(double& member, const Value& value, const Place& place) {
  if (const auto* whole = std::get_if<std::int64_t>(&value.data)) {
    member = static_cast<double>(*whole);
  } else if (const auto* number = std::get_if<double>(&value.data)) {
    member = *number;
  } else {
    place.refuse("a number", value);
  }
  if (!std::isfinite(member) || member < 0) place.refuse("a number of 0 or more", value);
}

template <class Unsigned>
requires(std::is_unsigned_v<Unsigned> && !std::is_same_v<Unsigned, bool>) void assign(Unsigned& member,
                                                                                      const Value& value,
                                                                                      const Place& place) {
  const auto* whole = std::get_if<std::int64_t>(&value.data);
  if (whole == nullptr || *whole < 0 ||
      static_cast<std::uint64_t>(*whole) > std::numeric_limits<Unsigned>::max()) {
    place.refuse("a whole number of 0 or more", value);
  }
  member = static_cast<Unsigned>(*whole);
}

template <class Element>
void assign(std::vector<Element>& member, const Value& value, const Place& place) {
  const auto* list = std::get_if<List>(&value.data);
  if (list == nullptr) place.refuse("a list", value);
  member.clear();
  for (const Value& item : *list) assign(member.emplace_back(), item, place);
}

Value value_of(const std::string& member) { return {member}; }
Value value_of(bool member) { return {member}; }
Value value_of(double member) { return {member}; }
Value value_of(std::uint64_t member) { return {static_cast<std::int64_t>(member)}; }
Value value_of(std::uint32_t member) { return {std::int64_t{member}}; }
template <class Element>
Value value_of(const std::vector<Element>& members) {
  List list;
  for (const Element& member : members) list.push_back(value_of(member));
  return {list};
}

}  // namespace

std::vector<std::string> setting_keys() {
  std::vector<std::string> keys;
  const Settings settings;
  for_each_key(settings, [&](const char* key, const auto&, const char*) { keys.emplace_back(key); });
  return keys;
}

void set_key(Settings& settings, const std::string& key, const Value& value, std::string_view where) {
  bool known = false;
  for_each_key(settings, [&](const char* name, auto& member, const char*) {
    if (key != name) return;
    assign(member, value, {key, std::string(where)});
    known = true;
  });
  if (known) return;
  const auto near = nearest(key, setting_keys());
  throw Error({.code = ErrorCode::usage,
               .where = std::string(where),
               .what = "unknown key \"" + key + "\"",
               .hint = near ? "did you mean \"" + *near + "\"?" : "titrate sweep --help lists the keys"});
}

std::map<std::string, Value> all_values(const Settings& settings) {
  std::map<std::string, Value> values;
  for_each_key(settings,
               [&](const char* key, const auto& member, const char*) { values[key] = value_of(member); });
  return values;
}

std::map<std::string, Value> changed_values(const Settings& settings) {
  std::map<std::string, Value> values = all_values(settings);
  for (const auto& [key, value] : all_values(Settings{})) {
    if (values[key] == value) values.erase(key);
  }
  return values;
}

std::string canonical(const Settings& settings) {
  std::vector<std::string> members;
  for (const auto& [key, value] : changed_values(settings))
    members.push_back("\"" + key + "\":" + to_json(value));
  return "{" + join(members, ",") + "}";
}

}  // namespace titrate::study
