// What a member of the settings takes, and how it is read from a value and written as one: by its type.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "titrate/core/choice.hpp"
#include "titrate/core/text.hpp"
#include "titrate/core/value.hpp"

namespace titrate::study {

inline KeyType type_of(bool) { return KeyType::flag; }
inline KeyType type_of(double) { return KeyType::number; }
inline KeyType type_of(std::uint32_t) { return KeyType::integer; }
inline KeyType type_of(std::uint64_t) { return KeyType::integer; }
inline KeyType type_of(const std::string&) { return KeyType::text; }
inline KeyType type_of(IsChoice auto) { return KeyType::text; }
inline KeyType type_of(const std::vector<double>&) { return KeyType::numbers; }
inline KeyType type_of(const std::vector<std::string>&) { return KeyType::texts; }

// What a key of such a member takes.
template <class Member>
DocumentKey taken_by(const Member& member, Range range) {
  DocumentKey key{.type = type_of(member), .range = range, .many_lines = type_of(member) == KeyType::texts};
  if constexpr (IsChoice<Member>) key.choices = choice_names<Member>();
  return key;
}

// The same in words.
template <class Member>
std::string values_of(const Member& member, const Range& range) {
  if constexpr (IsChoice<Member>) return join(choice_names<Member>(), ", ");
  switch (type_of(member)) {
    case KeyType::flag:
      return "true, false";
    case KeyType::text:
      return "text";
    case KeyType::texts:
      return "a list: text";
    case KeyType::numbers:
      return "a list: " + range.text();
    default:
      return range.text();
  }
}

// `value` is one that checked() gave for the key of such a member. Throws Error (usage) at `where` for a
// whole number that is too large for it.
template <class Member>
void assign(Member& member, const Value& value, const std::string& where) {
  if constexpr (IsChoice<Member>) {
    member = parse_choice<Member>(std::get<std::string>(value.data), where);
  } else if constexpr (std::is_same_v<Member, std::uint32_t>) {
    constexpr double kMost = std::numeric_limits<std::uint32_t>::max();
    const DocumentKey fitting{.type = KeyType::integer, .range = {.high = kMost}};
    member = static_cast<Member>(std::get<std::int64_t>(checked(fitting, value, where).data));
  } else if constexpr (std::is_same_v<Member, std::uint64_t>) {
    member = static_cast<Member>(std::get<std::int64_t>(value.data));
  } else {
    member = std::get<Member>(value.data);
  }
}

template <class Element>
void assign(std::vector<Element>& members, const Value& value, const std::string& where) {
  members.clear();
  for (const Value& item : std::get<std::vector<Value>>(value.data))
    assign(members.emplace_back(), item, where);
}

template <class Member>
Value value_of(const Member& member) {
  if constexpr (IsChoice<Member>) {
    return choice_name(member);
  } else {
    return member;
  }
}

}  // namespace titrate::study
