// TOML and KEY=VALUE, as typed values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace titrate {

// A value as TOML, JSON or a command line gives it.
struct Value {
  std::variant<bool, std::int64_t, double, std::string, std::vector<Value>> data{};
  bool operator==(const Value&) const = default;
};

std::string to_json(const Value& value);  // numbers in their shortest form; also valid TOML

// Reads "0.3", "true", "[1, 2]", "\"text\"", or a bare word as text.
Value parse_value(std::string_view text, std::string_view where);

}  // namespace titrate
