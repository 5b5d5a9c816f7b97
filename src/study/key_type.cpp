#include "key_type.hpp"

#include <limits>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate::study {
namespace {

template <class Unsigned>
void assign_whole(Unsigned& member, const Value& value, const Slot& slot) {
  const auto* whole = std::get_if<std::int64_t>(&value.data);
  const bool fits = whole != nullptr && *whole >= 0 &&
                    static_cast<std::uint64_t>(*whole) <= std::numeric_limits<Unsigned>::max();
  if (!fits || !slot.range.holds(static_cast<double>(*whole)))
    slot.refuse("a whole number, " + slot.range.text(), value);
  member = static_cast<Unsigned>(*whole);
}

}  // namespace

void Slot::refuse(const std::string& expected, const Value& value) const {
  throw Error({.code = ErrorCode::usage,
               .where = std::string(where),
               .what = "\"" + std::string(key) + "\" has the wrong type or range",
               .expected = expected,
               .got = describe(value)});
}

void assign(std::string& member, const Value& value, const Slot& slot) {
  if (const auto* whole = std::get_if<std::int64_t>(&value.data)) {
    member = std::to_string(*whole);  // a class may be called 7
    return;
  }
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr) slot.refuse("text", value);
  member = *text;
}

void assign(bool& member, const Value& value, const Slot& slot) {
  const auto* flag = std::get_if<bool>(&value.data);
  if (flag == nullptr) slot.refuse("true or false", value);
  member = *flag;
}

void assign(double& member, const Value& value, const Slot& slot) {
  if (const auto* whole = std::get_if<std::int64_t>(&value.data)) {
    member = static_cast<double>(*whole);
  } else if (const auto* number = std::get_if<double>(&value.data)) {
    member = *number;
  } else {
    slot.refuse("a number", value);
  }
  if (!slot.range.holds(member)) slot.refuse("a number, " + slot.range.text(), value);
}

void assign(std::uint64_t& member, const Value& value, const Slot& slot) {
  assign_whole(member, value, slot);
}
void assign(std::uint32_t& member, const Value& value, const Slot& slot) {
  assign_whole(member, value, slot);
}

}  // namespace titrate::study
