#include <set>

#include "titrate/core/hash.hpp"
#include "titrate/sweep/study.hpp"

namespace titrate::sweep {

std::string trial_id(const Settings& settings, const std::string& fingerprint) {
  return hex(xxh3(canonical(settings) + "|" + fingerprint + "|" + std::to_string(kNumericsVersion)));
}

namespace {

// Where the network is one of the study's own, its layers are part of what the trial is.
Settings with_layers(const Study& study, Settings settings) {
  const auto place = study.networks.find(settings.network.name);
  if (place != study.networks.end()) {
    settings.network.layers = place->second.layers;
    settings.network.side = place->second.side;
  }
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

}  // namespace titrate::sweep
