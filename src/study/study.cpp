#include "titrate/study/study.hpp"

#include <algorithm>
#include <set>

#include "titrate/core/document.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/text.hpp"
#include "titrate/net/zoo.hpp"
#include "titrate/shard/manifest.hpp"
#include "titrate/study/comparison.hpp"

namespace titrate::study {
namespace {

using Entry = Document::Entry;

std::string text_of(const Entry& entry) {
  return std::get<std::string>(
      checked({.type = KeyType::text}, *entry.value, entry.where + ": " + entry.key).data);
}

std::vector<std::string> texts_of(const Entry& entry) {
  std::vector<std::string> texts;
  const Value list = checked({.type = KeyType::texts}, *entry.value, entry.where + ": " + entry.key);
  for (const Value& text : std::get<std::vector<Value>>(list.data))
    texts.push_back(std::get<std::string>(text.data));
  return texts;
}

// The values of an axis as their key sees them: 0 of a real-valued key is 0.0.
Axis make_axis(const std::string& key, const Value& values, const std::string& where) {
  const auto* list = std::get_if<std::vector<Value>>(&values.data);
  if (list == nullptr || list->empty()) {
    throw Error(
        {.code = ErrorCode::usage,
         .where = where,
         .what = list == nullptr ? "axis \"" + key + "\" is not a list" : "axis \"" + key + "\" is empty",
         .expected = "a list of one value or more"});
  }
  Axis axis{.key = key};
  for (const Value& value : *list) {
    Settings scratch;
    set_key(scratch, key, value, where);
    axis.values.push_back(find_key(key, where).get(scratch));
    if (std::count(axis.values.begin(), axis.values.end(), axis.values.back()) > 1) {
      throw Error({.code = ErrorCode::usage,
                   .where = where,
                   .what = "axis \"" + key + "\" has " + to_json(value) + " twice"});
    }
  }
  return axis;
}

void replace_axis(Study& study, Axis axis) {
  for (Axis& present : study.axes) {
    if (present.key == axis.key) {
      present = std::move(axis);
      return;
    }
  }
  study.axes.push_back(std::move(axis));
}

const std::vector<std::string> kSections{"network",  "networks", "train",  "data",
                                         "evaluate", "axes",     "report", "resolved"};

constexpr std::string_view kBaseline = "report.baseline.";

// "networks.NAME.layers" and "networks.NAME.side".
void read_definition(Study& study, const Entry& entry) {
  const std::size_t start = std::string_view("networks.").size(), dot = entry.key.rfind('.');
  const std::string name = dot < start ? "" : entry.key.substr(start, dot - start),
                    member = entry.key.substr(dot + 1);
  if (name.empty() || !entry.value || (member != "layers" && member != "side")) {
    throw Error({.code = ErrorCode::usage,
                 .where = entry.where,
                 .what = "unknown key \"" + entry.key + "\"",
                 .hint = "a network is written as [networks.NAME] with layers = [...] and, where smaller "
                         "images are to be padded, side"});
  }
  if (net::find_network(name) != nullptr) {
    throw Error({.code = ErrorCode::usage,
                 .where = entry.where,
                 .what = "network \"" + name + "\" is one of the zoo already",
                 .hint = "choose another name"});
  }
  Settings scratch;
  set_key(scratch, "network." + member, *entry.value, entry.where);
  NetworkDefinition& definition = study.networks[name];
  if (member == "side") {
    definition.side = scratch.network.side;
    return;
  }
  definition.layers = scratch.network.layers;
  for (const std::string& layer : definition.layers) net::parse_layer(layer, entry.where);
}

// Every network of the study's own has layers.
void check_definitions(const Study& study, const std::string& where) {
  for (const auto& [name, definition] : study.networks) {
    if (definition.layers.empty()) {
      throw Error(
          {.code = ErrorCode::usage, .where = where, .what = "[networks." + name + "] has no layers"});
    }
  }
}

[[noreturn]] void refuse_unknown(const Entry& entry) {
  std::vector<std::string> known = key_names();
  known.insert(known.end(), kSections.begin(), kSections.end());
  known.insert(known.end(), {"name", "dataset", "report.baseline.KEY"});
  refuse_unknown_key(entry.where, entry.key,
                     did_you_mean(entry.key, known, "titrate sweep --help lists the keys"));
}

bool is_section(const std::string& key) {
  return std::find(kSections.begin(), kSections.end(), key) != kSections.end();
}

bool is_key(const std::string& name) {
  return std::any_of(keys().begin(), keys().end(), [&](const Key& key) { return key.name == name; });
}

// A section is a table, which may be empty; a key is none.
void check_kind(const Entry& entry) {
  if (entry.value && is_section(entry.key)) {
    throw Error({.code = ErrorCode::usage,
                 .where = entry.where,
                 .what = "\"" + entry.key + "\" is not a table",
                 .hint = "write [" + entry.key + "], and its keys below"});
  }
  if (!entry.value && is_key(entry.key)) {
    throw Error({.code = ErrorCode::usage,
                 .where = entry.where,
                 .what = "\"" + entry.key + "\" is a table",
                 .expected = find_key(entry.key, entry.where).values});
  }
}

void read_entry(Study& study, const Entry& entry) {
  check_kind(entry);
  if (entry.key.starts_with("networks.")) {
    read_definition(study, entry);
  } else if (!entry.value) {
    if (!is_section(entry.key)) refuse_unknown(entry);
  } else if (entry.key == "name") {
    study.name = text_of(entry);
  } else if (entry.key == "dataset") {
    study.dataset = text_of(entry);
  } else if (entry.key == "resolved.fingerprint") {
    study.fingerprint = text_of(entry);
  } else if (entry.key == "resolved.class_names") {
    study.class_names = texts_of(entry);
  } else if (entry.key.starts_with(kBaseline)) {
    set_baseline(study, entry.key.substr(kBaseline.size()), *entry.value, entry.where);
  } else if (entry.key.starts_with("axes.")) {
    replace_axis(study, make_axis(entry.key.substr(5), *entry.value, entry.where));
  } else {
    if (!is_key(entry.key)) refuse_unknown(entry);
    set_key(study.base, entry.key, *entry.value, entry.where);
  }
}

// --set of a key whose values are those of an axis.
void refuse_axis(const Study& study, const std::string& text) {
  const Assignment setting = parse_assignment(text, "--set");
  if (std::none_of(study.axes.begin(), study.axes.end(),
                   [&](const Axis& axis) { return axis.key == setting.key; }))
    return;
  throw Error({.code = ErrorCode::usage,
               .where = setting.where,
               .what = "the key is an axis of the study",
               .hint = "give --axis " + text});
}

// An inline table.
std::string baselines_text(const Study& study) {
  std::vector<std::string> parts;
  for (const auto& [key, level] : study.baselines) parts.push_back("\"" + key + "\" = " + to_json(level));
  return "{ " + join(parts, ", ") + " }";
}

std::string toml_list(const std::vector<std::string>& names) {
  std::vector<Value> values;
  for (const std::string& name : names) values.push_back({name});
  return to_json(Value{values});
}

}  // namespace

Study parse_study(const std::string& text, const std::string& where, const StudyOverrides& overrides) {
  Study study{.name = std::filesystem::path(where).stem().string()};
  for (const Entry& entry : Document(text, where, overrides.set).entries()) read_entry(study, entry);
  check_definitions(study, where);
  if (!overrides.dataset.empty()) study.dataset = overrides.dataset;
  for (const std::string& option : overrides.axes) {
    const Assignment axis = parse_assignment(option, "--axis");
    replace_axis(study, make_axis(axis.key, parse_list(axis.value), axis.where));
  }
  for (const std::string& setting : overrides.set) refuse_axis(study, setting);
  return study;
}

Study read_study(const std::filesystem::path& path, const StudyOverrides& overrides) {
  if (std::error_code error; !std::filesystem::exists(path, error) && !error) {
    throw Error({.code = ErrorCode::usage, .where = path.string(), .what = "there is no such file"});
  }
  return parse_study(read_text(path), path.string(), overrides);
}

Study read_run_study(const std::filesystem::path& run_folder) {
  if (std::error_code error; !std::filesystem::exists(run_folder / "study.toml", error) && !error) {
    throw Error(
        {.code = ErrorCode::usage, .where = run_folder.string(), .what = "there is no run in this folder"});
  }
  Study study = read_study(run_folder / "study.toml");
  check_baselines(study, (run_folder / "study.toml").string());
  return study;
}

Study resolve_study(const std::filesystem::path& file, const StudyOverrides& overrides) {
  Study study = read_study(file, overrides);
  check_baselines(study, file.string());
  if (study.dataset.empty()) {
    throw Error({.code = ErrorCode::usage,
                 .where = file.string(),
                 .what = "the study names no dataset",
                 .hint = "give --dataset DIR"});
  }
  const shard::Manifest manifest = shard::read_manifest(study.dataset);
  study.dataset = std::filesystem::absolute(study.dataset).string();
  study.fingerprint = manifest.fingerprint;
  study.class_names = manifest.class_names;
  return study;
}

std::string to_toml(const Study& study) {
  std::string text =
      "name = " + to_json(Value{study.name}) + "\ndataset = " + to_json(Value{study.dataset}) + "\n";
  std::string section;
  for (const Key& key : keys()) {
    const std::size_t dot = key.name.find('.');
    const std::string value = to_json(key.get(study.base));
    if (dot == std::string::npos) {
      text.insert(text.find('\n') + 1, key.name + " = " + value + "\n");  // keys without a section come first
      continue;
    }
    if (key.name.substr(0, dot) != section) text += "\n[" + (section = key.name.substr(0, dot)) + "]\n";
    text += key.name.substr(dot + 1) + " = " + value + "\n";
  }
  for (const auto& [name, definition] : study.networks) {
    text += "\n[networks." + to_json(Value{name}) + "]\nlayers = " + toml_list(definition.layers) +
            "\nside = " + std::to_string(definition.side) + "\n";
  }
  text += "\n[axes]\n";
  for (const Axis& axis : study.axes) text += "\"" + axis.key + "\" = " + to_json(Value{axis.values}) + "\n";
  if (!study.baselines.empty()) text += "\n[report]\nbaseline = " + baselines_text(study) + "\n";
  text += "\n[resolved]\nfingerprint = " + to_json(Value{study.fingerprint}) + "\n";
  return text + "class_names = " + toml_list(study.class_names) + "\n";
}

std::vector<std::string> differences(const Study& before, const Study& after) {
  const auto describe = [](const Study& study) {
    std::map<std::string, std::string> lines{
        {"dataset", study.dataset}, {"dataset fingerprint", study.fingerprint}, {"name", study.name}};
    for (const auto& [key, value] : all_values(study.base)) lines[key] = to_json(value);
    for (const auto& [name, definition] : study.networks) {
      lines["network " + name] = toml_list(definition.layers) +
                                 (definition.side > 0 ? ", side " + std::to_string(definition.side) : "");
    }
    for (const Axis& axis : study.axes) lines["axis " + axis.key] = to_json(Value{axis.values});
    for (const auto& [key, level] : study.baselines) lines["baseline " + key] = to_json(level);
    return lines;
  };
  std::map<std::string, std::string> old_lines = describe(before), new_lines = describe(after);
  std::set<std::string> keys;
  for (const auto& [key, value] : old_lines) keys.insert(key);
  for (const auto& [key, value] : new_lines) keys.insert(key);
  const auto shown = [](const std::string& value) { return value.empty() ? std::string("none") : value; };
  std::vector<std::string> lines;
  for (const std::string& key : keys) {
    if (old_lines[key] != new_lines[key])
      lines.push_back(key + ": " + shown(old_lines[key]) + " -> " + shown(new_lines[key]));
  }
  return lines;
}

}  // namespace titrate::study
