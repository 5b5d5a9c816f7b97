// From a value of a study to a member of the settings, and back, by the type of the member.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "titrate/core/choice.hpp"
#include "titrate/core/text.hpp"
#include "titrate/core/value.hpp"

namespace titrate::study {

// Where a value goes, for messages.
struct Slot {
  std::string_view key;
  std::string_view where;
  Range range{};

  [[noreturn]] void refuse(const std::string& expected, const Value& value) const;
};

void assign(std::string& member, const Value& value, const Slot& slot);
void assign(bool& member, const Value& value, const Slot& slot);
void assign(double& member, const Value& value, const Slot& slot);
void assign(std::uint64_t& member, const Value& value, const Slot& slot);
void assign(std::uint32_t& member, const Value& value, const Slot& slot);

template <IsChoice Enum>
void assign(Enum& member, const Value& value, const Slot& slot) {
  std::string text;
  assign(text, value, slot);
  member = parse_choice<Enum>(text, std::string(slot.where) + ": " + std::string(slot.key));
}

template <class Element>
void assign(std::vector<Element>& member, const Value& value, const Slot& slot) {
  const auto* list = std::get_if<std::vector<Value>>(&value.data);
  if (list == nullptr) slot.refuse("a list", value);
  member.clear();
  for (const Value& item : *list) assign(member.emplace_back(), item, slot);
}

inline Value value_of(const std::string& member) { return {member}; }
inline Value value_of(bool member) { return {member}; }
inline Value value_of(double member) { return {member}; }
inline Value value_of(std::uint64_t member) { return {static_cast<std::int64_t>(member)}; }
inline Value value_of(std::uint32_t member) { return {std::int64_t{member}}; }
template <IsChoice Enum>
Value value_of(Enum member) {
  return {choice_name(member)};
}
template <class Element>
Value value_of(const std::vector<Element>& members) {
  std::vector<Value> list;
  for (const Element& member : members) list.push_back(value_of(member));
  return {list};
}

// What such a member takes, in words.
inline std::string values_of(const std::string&, const Range&) { return "text"; }
inline std::string values_of(bool, const Range&) { return "true, false"; }
inline std::string values_of(double, const Range& range) { return range.text(); }
inline std::string values_of(std::uint64_t, const Range& range) { return range.text(); }
inline std::string values_of(std::uint32_t, const Range& range) { return range.text(); }
template <IsChoice Enum>
std::string values_of(Enum, const Range&) {
  return join(choice_names<Enum>(), ", ");
}
template <class Element>
std::string values_of(const std::vector<Element>&, const Range& range) {
  return "a list: " + values_of(Element{}, range);
}

}  // namespace titrate::study
