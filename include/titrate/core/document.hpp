// A TOML file with KEY=VALUE settings laid over it: what recipes and studies are read by.
//
// It is read strictly: every value is asked for by a key, and what no key asks for is refused. Each refusal
// is Error (usage) and says where: file and line, or the setting.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "titrate/core/value.hpp"

namespace titrate {

struct TomlNode;  // of the parsed file; private to core

// One table of a document, which it must not outlive.
class DocumentTable {
 public:
  DocumentTable(const TomlNode& node, std::string prefix) : node_(&node), prefix_(std::move(prefix)) {}

  // The values of `keys`, each as its key takes it, with the fallbacks of those that are not there; keys of
  // type other are left to the caller. Refuses a key that is not among them, and the table without one that
  // is required.
  Values read(std::span<const DocumentKey> keys) const;

  // One value, of a key that may take several types; its fallback where it is not there.
  std::optional<Value> value(const DocumentKey& key) const;

  bool has(const std::string& key) const { return find(key) != nullptr; }
  bool is_text(const std::string& key) const;
  bool is_integer(const std::string& key) const;

  std::optional<DocumentTable> table(const std::string& key) const;  // [key]
  std::vector<DocumentTable> tables(const std::string& key) const;   // [[key]]; none where it is not there

  // "recipe.toml:12: source.0.path" of a key that is there, else with the place of the table.
  std::string where(const std::string& key) const;

  [[noreturn]] void refuse(const std::string& key, const std::string& what, const std::string& expected = "",
                           const std::string& got = "", const std::string& hint = "") const;

 private:
  const TomlNode* find(const std::string& key) const;
  void refuse_unknown(std::span<const DocumentKey> keys) const;
  [[noreturn]] void refuse_type(const std::string& key, const std::string& expected) const;

  const TomlNode* node_;
  std::string prefix_;  // "source.0." or nothing
};

class Document {
 public:
  // `where` names the text. Refuses what is not UTF-8 or not TOML, and a setting whose key leads nowhere.
  // Settings win over the text, later ones over earlier ones.
  Document(const std::string& text, const std::string& where, std::span<const std::string> settings = {});

  DocumentTable root() const { return {*root_, ""}; }

  // Each key that is no table, in the order of the text; what only settings have comes last.
  struct Entry {
    std::string key{};             // "train.epochs"
    std::optional<Value> value{};  // nothing: a table without keys
    std::string where{};           // "study.toml:12"
  };

  // Refuses an entry that is there twice ("axes.a.b" and axes."a.b"), a date, and a list of tables.
  std::vector<Entry> entries() const;

 private:
  std::shared_ptr<const TomlNode> root_;
};

}  // namespace titrate
