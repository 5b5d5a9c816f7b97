#include "titrate/core/document.hpp"

#include <nlohmann/json.hpp>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/core/toml_value.hpp"

namespace titrate {
namespace {

using List = std::vector<Value>;

}  // namespace

std::string to_json(const Value& value) {
  struct Writer {
    std::string operator()(bool b) const { return b ? "true" : "false"; }
    std::string operator()(std::int64_t n) const { return std::to_string(n); }
    std::string operator()(double x) const { return shortest(x); }
    std::string operator()(const std::string& s) const {
      try {
        return nlohmann::json(s).dump();
      } catch (const nlohmann::json::exception&) {
        throw Error({.code = ErrorCode::usage, .where = s, .what = "not valid UTF-8"});
      }
    }
    std::string operator()(const List& list) const {
      std::vector<std::string> parts;
      for (const Value& item : list) parts.push_back(to_json(item));
      return "[" + join(parts, ", ") + "]";
    }
  };
  return std::visit(Writer{}, value.data);
}

Value from_toml(const toml::node& node, const std::string& where) {
  if (const auto* b = node.as_boolean()) return {b->get()};
  if (const auto* n = node.as_integer()) return {n->get()};
  if (const auto* x = node.as_floating_point()) return {x->get()};
  if (const auto* s = node.as_string()) return {s->get()};
  if (const auto* array = node.as_array()) {
    List list;
    for (const toml::node& item : *array) list.push_back(from_toml(item, where));
    return {list};
  }
  throw Error({.code = ErrorCode::usage,
               .where = where,
               .what = "a value of a kind that no key takes",
               .expected = "a number, text or a list"});
}

Value parse_value(std::string_view text, std::string_view where) {
  const std::string trimmed = trim(text);
  try {
    const toml::table table = toml::parse("value = " + trimmed);
    return from_toml(*table.get("value"), std::string(where));
  } catch (const toml::parse_error&) {
    const bool bare = !trimmed.empty() && trimmed.find_first_of("\"'[]{}=,#\n") == std::string::npos;
    if (bare) return {trimmed};
  }
  throw Error({.code = ErrorCode::usage, .where = std::string(where), .what = "not a value: " + trimmed});
}

}  // namespace titrate
