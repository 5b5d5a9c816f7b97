// The keys of a study: one row for each. Parsing, refusals, the resolved study, help, a trial's canonical
// form, "has no effect", the speed class, the labels of charts and the table in the documentation all read
// the row.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "titrate/core/value.hpp"
#include "titrate/study/settings.hpp"

namespace titrate::study {

// When a key has an effect.
struct UsedWhen {
  const char* words = "";  // "with sgd"; empty: always
  bool (*holds)(const Settings&) = nullptr;

  bool in(const Settings& settings) const { return holds == nullptr || holds(settings); }
};

// Whether trials that differ in a key take another time for an image.
enum class Speed { same, by_value, if_not_zero };

// How a key is spoken of whose levels are compared.
struct Treatment {
  int place = 0;            // the smallest is spoken of first; 0: it is no treatment
  const char* noun = "";    // of a level other than none: "synthetic images"; empty: the key's label
  const char* others = "";  // levels that are compared with another than none: "other networks"
  bool plural = false;      // of the noun
  bool definite = false;    // "the" stands before the noun in a heading

  explicit operator bool() const { return place > 0; }
};

struct Key {
  std::string name{};    // "train.momentum"
  std::string label{};   // in charts and sentences: "momentum"
  std::string values{};  // what it takes: "sgd, adam, adamw", "above 0", "text"
  std::string help{};
  UsedWhen used{};
  Speed speed = Speed::same;
  bool is_choice = false;  // one of a few words
  Treatment treatment{};
  bool zero_is_none = false;  // its 0 switches something off

  std::function<Value(const Settings&)> get{};
  // Throws Error (usage) that names `where` and the key: a value of the wrong type or out of range.
  std::function<void(Settings&, const Value&, std::string_view where)> set{};

  std::string fallback() const;  // the default, as JSON
  std::string noun() const;      // of a treatment: "synthetic images", "augmentation"
};

// In the order of a study file.
const std::vector<Key>& keys();
std::vector<std::string> key_names();

// Throws Error (usage): an unknown key, with the nearest.
const Key& find_key(std::string_view name, std::string_view where);

// `where` says where the key stands ("study.toml:12").
void set_key(Settings& settings, const std::string& name, const Value& value, std::string_view where);

std::map<std::string, Value> all_values(const Settings& settings);

// Only what differs from the defaults, so that a new key does not rename old trials.
std::map<std::string, Value> changed_values(const Settings& settings);

std::string canonical(const Settings& settings);  // changed_values as one JSON object, keys sorted

// Trials of the same text take the same time for an image.
std::string speed_class(const Settings& settings);

// For --help: a line for each key, with its default.
std::string keys_help();

// For the documentation: a Markdown table.
std::string keys_table();

}  // namespace titrate::study
