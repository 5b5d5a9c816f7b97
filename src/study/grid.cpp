#include <algorithm>
#include <set>

#include "titrate/core/error.hpp"
#include "titrate/core/hash.hpp"
#include "titrate/core/text.hpp"
#include "titrate/net/zoo.hpp"
#include "titrate/study/study.hpp"

namespace titrate::study {

std::string trial_id(const Settings& settings, const std::string& fingerprint) {
  return hex(xxh3(canonical(settings) + "|" + fingerprint + "|" + std::to_string(kNumericsVersion)));
}

namespace {

[[noreturn]] void refuse_network(const std::string& what, const std::string& hint) {
  throw Error({.code = ErrorCode::usage, .where = "network.name", .what = what, .hint = hint});
}

void check_name(const Study& study, const std::string& name) {
  if (study.networks.empty() || net::find_network(name) != nullptr) return;
  std::vector<std::string> names;
  for (const auto& [own, definition] : study.networks) names.push_back(own);
  for (const net::ZooEntry& entry : net::zoo()) names.push_back(entry.name);
  refuse_network("unknown network \"" + name + "\"",
                 did_you_mean(name, names, "known are " + join(names, ", ")));
}

// Where the network is one of the study's own, its layers are part of what the trial is.
Settings with_layers(const Study& study, Settings settings) {
  NetworkSettings& network = settings.network;
  if (!network.layers.empty()) {
    if (network.name != NetworkSettings{}.name)
      refuse_network("\"" + network.name + "\" and network.layers are both given", "leave one of them out");
    return settings;
  }
  const auto place = study.networks.find(network.name);
  if (place == study.networks.end()) {
    check_name(study, network.name);
    return settings;
  }
  network.layers = place->second.layers;
  if (network.side == 0) network.side = place->second.side;
  return settings;
}

}  // namespace

std::vector<Trial> grid(const Study& study) {
  std::vector<Settings> points{study.base};
  for (const Axis& axis : study.axes) {
    std::vector<Settings> next;
    for (const Settings& point : points) {
      for (const Value& value : axis.values) {
        Settings settings = point;
        set_key(settings, axis.key, value, "axes");
        next.push_back(std::move(settings));
      }
    }
    points = std::move(next);
  }
  std::vector<Trial> trials;
  std::set<std::string> seen;
  for (const Settings& point : points) {
    Settings settings = with_layers(study, point);
    std::string id = trial_id(settings, study.fingerprint);
    if (seen.insert(id).second) trials.push_back({std::move(id), std::move(settings)});
  }
  return trials;
}

std::string cell_key(const Settings& settings) {
  Settings cell = settings;
  cell.seed = 0;
  return canonical(cell);
}

std::string describe_cell(const Settings& settings) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : changed_values(settings)) {
    if (key != "seed") parts.push_back(key + "=" + to_json(value));
  }
  return join(parts, " ");
}

std::string describe_trial(const Settings& settings) {
  const std::string cell = describe_cell(settings);
  return cell + (cell.empty() ? "" : " ") + "seed=" + std::to_string(settings.seed);
}

std::vector<Trial> one_of_each_cell(std::span<const Trial> trials) {
  std::vector<Trial> cells;
  std::set<std::string> seen;
  for (const Trial& trial : trials) {
    if (seen.insert(cell_key(trial.settings)).second) cells.push_back(trial);
  }
  return cells;
}

std::vector<std::string> keys_without_effect(const Study& study, std::span<const Trial> trials) {
  std::vector<std::string> idle;
  for (const Key& key : keys()) {
    if (key.used.holds == nullptr) continue;
    const Value usual = key.get(Settings{});
    const auto changed = [&](const Trial& trial) { return key.get(trial.settings) != usual; };
    const auto used = [&](const Trial& trial) { return key.used.in(trial.settings); };
    if (std::none_of(trials.begin(), trials.end(), used) &&
        std::any_of(trials.begin(), trials.end(), changed))
      idle.push_back(key.name);
  }
  const bool own = std::any_of(trials.begin(), trials.end(), [&](const Trial& trial) {
    return study.networks.contains(trial.settings.network.name);
  });
  for (const auto& [name, definition] : study.networks) {
    if (!own) idle.push_back("networks." + name);
  }
  return idle;
}

}  // namespace titrate::study
