#include "toml_tree.hpp"

#include "toml.hpp"

#include <algorithm>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "toml_text.hpp"

namespace titrate {
namespace {

// `lines`: nodes lie in a text whose lines are worth naming.
TomlNode convert(const toml::node& node, const std::string& where, bool lines) {
  using Kind = TomlNode::Kind;
  const toml::source_position begin = node.source().begin;
  TomlNode made{.where = lines && begin.line > 0 ? where + ":" + std::to_string(begin.line) : where,
                .place = {begin.line, begin.column}};
  if (const auto* table = node.as_table()) {
    for (const auto& [name, child] : *table) {
      made.names.emplace_back(name.str());
      made.children.push_back(convert(child, where, lines));
    }
    return made;
  }
  if (const auto* array = node.as_array()) {
    made.kind = Kind::list;
    for (const toml::node& child : *array) made.children.push_back(convert(child, where, lines));
    return made;
  }
  made.kind = Kind::scalar;
  if (const auto* flag = node.as_boolean()) {
    made.scalar = flag->get();
  } else if (const auto* whole = node.as_integer()) {
    made.scalar = whole->get();
  } else if (const auto* number = node.as_floating_point()) {
    made.scalar = number->get();
  } else if (const auto* text = node.as_string()) {
    made.scalar = text->get();
  } else {
    made.kind = Kind::date;
  }
  return made;
}

[[noreturn]] void refuse(const std::string& where, std::size_t line, const std::string& what) {
  throw Error({.code = ErrorCode::usage, .where = where + ":" + std::to_string(line), .what = what});
}

}  // namespace

TomlNode* TomlNode::find(const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? nullptr : &children[static_cast<std::size_t>(found - names.begin())];
}

void TomlNode::set(const std::string& name, TomlNode child) {
  if (TomlNode* present = find(name)) {
    *present = std::move(child);
    return;
  }
  names.push_back(name);
  children.push_back(std::move(child));
}

TomlNode parse_toml(const std::string& text, const std::string& where) {
  if (const auto bad = find_bad_utf8(text))
    refuse(where, line_of(text, *bad), "byte " + std::to_string(*bad) + " is not UTF-8");
  if (const auto stray = find_stray_byte(text)) {
    refuse(where, line_of(text, *stray),
           "not valid TOML: a character that is not ASCII outside of quotes and comments");
  }
  try {
    return convert(toml::parse(text), where, true);
  } catch (const toml::parse_error& error) {
    refuse(where, error.source().begin.line, "not valid TOML: " + std::string(error.description()));
  }
}

std::optional<TomlNode> parse_toml_value(std::string_view text, const std::string& where) {
  try {
    const toml::table parsed = toml::parse("value = " + std::string(text));
    if (parsed.size() == 1) return convert(*parsed.get("value"), where, false);
  } catch (const toml::parse_error&) {
  }
  return std::nullopt;
}

std::optional<Value> value_of(const TomlNode& node) {
  if (node.kind == TomlNode::Kind::scalar) return node.scalar;
  if (node.kind != TomlNode::Kind::list) return std::nullopt;
  std::vector<Value> list;
  for (const TomlNode& child : node.children) {
    const auto value = value_of(child);
    if (!value) return std::nullopt;
    list.push_back(*value);
  }
  return list;
}

std::string describe(const TomlNode& node) {
  if (const auto value = value_of(node)) return describe(*value);
  if (node.kind == TomlNode::Kind::list) return "a list of tables or dates";
  return node.kind == TomlNode::Kind::table ? "a table" : "a date";
}

}  // namespace titrate
