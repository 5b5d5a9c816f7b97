#include "titrate/core/document.hpp"

#include <algorithm>
#include <set>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "toml_tree.hpp"

namespace titrate {
namespace {

using Kind = TomlNode::Kind;

[[noreturn]] void refuse_at(const std::string& where, const std::string& what,
                            const std::string& expected = "") {
  throw Error({.code = ErrorCode::usage, .where = where, .what = what, .expected = expected});
}

TomlNode* child_of(TomlNode& node, const std::string& name) {
  if (node.kind == Kind::table) return node.find(name);
  const auto index = node.kind == Kind::list ? parse_integer(name) : std::nullopt;
  if (!index || *index < 0 || static_cast<std::size_t>(*index) >= node.children.size()) return nullptr;
  return &node.children[static_cast<std::size_t>(*index)];
}

void put_at(TomlNode& node, std::pair<std::size_t, std::size_t> place) {
  node.place = place;
  for (TomlNode& child : node.children) put_at(child, place);
}

// The value of a setting, behind all that the text says: as parse_value() reads it, but tables are taken too.
TomlNode node_of(const Assignment& setting, std::size_t number) {
  auto node = parse_toml_value(setting.value, setting.where);
  if (!node || node->kind == Kind::date)
    node = TomlNode{.kind = Kind::scalar, .scalar = trim(setting.value), .where = setting.where};
  put_at(*node, {static_cast<std::size_t>(-1), number});
  return *node;
}

// A value that was there keeps its place among the others.
void put_over(TomlNode& there, TomlNode node) {
  put_at(node, there.place);
  there = std::move(node);
}

void lay_over(TomlNode& root, const std::string& text, std::size_t number) {
  const Assignment setting = parse_assignment(text, "--set");
  const std::vector<std::string> path = split(setting.key, '.');
  TomlNode* node = &root;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    const std::string rest =
        join(std::vector(path.begin() + static_cast<std::ptrdiff_t>(i), path.end()), ".");
    if (node->kind == Kind::table && node->find(rest) != nullptr) {  // as "data.size" in [axes]
      put_over(*node->find(rest), node_of(setting, number));
      return;
    }
    if (node->kind == Kind::table && node->find(path[i]) == nullptr)
      node->set(path[i], {.where = root.where});
    node = child_of(*node, path[i]);
    if (node == nullptr) refuse_at(setting.where, "there is no \"" + path[i] + "\" to set a value in");
  }
  if (node->kind != Kind::table) refuse_at(setting.where, "\"" + path.back() + "\" does not lie in a table");
  TomlNode* const there = node->find(path.back());
  if (there != nullptr) {
    put_over(*there, node_of(setting, number));
  } else {
    node->set(path.back(), node_of(setting, number));
  }
}

// A leaf of the tree, and where it stands.
struct Leaf {
  std::string key;
  const TomlNode* node;
};

void add_leaves(const TomlNode& table, const std::string& prefix, std::vector<Leaf>& leaves) {
  for (std::size_t i = 0; i < table.names.size(); ++i) {
    const TomlNode& child = table.children[i];
    const std::string key = prefix + table.names[i];
    if (child.kind == Kind::table && !child.children.empty()) {
      add_leaves(child, key + ".", leaves);
    } else {
      leaves.push_back({key, &child});
    }
  }
}

}  // namespace

Document::Document(const std::string& text, const std::string& where, std::span<const std::string> settings) {
  TomlNode root = parse_toml(text, where);
  root.where = where;
  for (std::size_t i = 0; i < settings.size(); ++i) lay_over(root, settings[i], i);
  root_ = std::make_shared<const TomlNode>(std::move(root));
}

std::vector<Document::Entry> Document::entries() const {
  std::vector<Leaf> leaves;
  add_leaves(*root_, "", leaves);
  std::ranges::stable_sort(leaves, {}, [](const Leaf& leaf) { return leaf.node->place; });
  std::vector<Entry> entries;
  std::set<std::string> seen;
  for (const auto& [key, node] : leaves) {
    if (!seen.insert(key).second) refuse_at(node->where, "\"" + key + "\" stands there twice");
    Entry entry{.key = key, .value = value_of(*node), .where = node->where};
    if (!entry.value && node->kind != Kind::table)
      refuse_at(node->where, "\"" + key + "\" is " + describe(*node), describe(KeyType::other));
    entries.push_back(std::move(entry));
  }
  return entries;
}

const TomlNode* DocumentTable::find(const std::string& key) const { return node_->find(key); }

bool DocumentTable::is_text(const std::string& key) const {
  const TomlNode* node = find(key);
  return node != nullptr && node->kind == Kind::scalar &&
         std::holds_alternative<std::string>(node->scalar.data);
}

bool DocumentTable::is_integer(const std::string& key) const {
  const TomlNode* node = find(key);
  return node != nullptr && node->kind == Kind::scalar &&
         std::holds_alternative<std::int64_t>(node->scalar.data);
}

std::string DocumentTable::where(const std::string& key) const {
  const TomlNode* node = find(key);
  return (node != nullptr ? node->where : node_->where) + ": " + prefix_ + key;
}

void DocumentTable::refuse(const std::string& key, const std::string& what, const std::string& expected,
                           const std::string& got, const std::string& hint) const {
  throw Error({.code = ErrorCode::usage,
               .where = where(key),
               .what = what,
               .expected = expected,
               .got = got,
               .hint = hint});
}

void DocumentTable::refuse_type(const std::string& key, const std::string& expected) const {
  refuse(key, "wrong type", expected, describe(*find(key)));
}

void DocumentTable::refuse_unknown(std::span<const DocumentKey> keys) const {
  std::vector<std::string> known;
  for (const DocumentKey& key : keys) known.push_back(key.name);
  for (std::size_t i = 0; i < node_->names.size(); ++i) {
    const std::string& name = node_->names[i];
    if (std::ranges::find(known, name) != known.end()) continue;
    refuse_unknown_key(node_->children[i].where, prefix_ + name,
                       did_you_mean(name, known, "known are " + join(known, ", ")));
  }
}

Values DocumentTable::read(std::span<const DocumentKey> keys) const {
  refuse_unknown(keys);
  for (const DocumentKey& key : keys) {
    if (key.required && !has(key.name)) refuse(key.name, "the key is missing");
  }
  Values values;
  for (const DocumentKey& key : keys) {
    if (key.type == KeyType::other) continue;
    if (auto found = value(key)) values.emplace(key.name, *std::move(found));
  }
  return values;
}

std::optional<Value> DocumentTable::value(const DocumentKey& key) const {
  if (!has(key.name)) return key.fallback;
  const auto found = value_of(*find(key.name));
  if (!found) refuse_type(key.name, describe(key.type));
  return checked(key, *found, where(key.name));
}

std::optional<DocumentTable> DocumentTable::table(const std::string& key) const {
  if (!has(key)) return std::nullopt;
  if (find(key)->kind != Kind::table) refuse_type(key, "[" + key + "]");
  return DocumentTable(*find(key), prefix_ + key + ".");
}

std::vector<DocumentTable> DocumentTable::tables(const std::string& key) const {
  std::vector<DocumentTable> tables;
  if (!has(key)) return tables;
  const std::string expected = "[[" + key + "]]";
  if (find(key)->kind != Kind::list) refuse_type(key, expected);
  for (const TomlNode& node : find(key)->children) {
    if (node.kind != Kind::table) refuse(key, "wrong type in the list", expected, describe(node));
    tables.emplace_back(node, prefix_ + key + "." + std::to_string(tables.size()) + ".");
  }
  return tables;
}

}  // namespace titrate
