// The study: what to sweep, from a TOML file and the command line.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "titrate/core/value.hpp"
#include "titrate/study/keys.hpp"

namespace titrate::study {

struct Axis {
  std::string key{};
  std::vector<Value> values{};
};

// A network of the study's own, [networks.NAME]: what network.name can then be.
struct NetworkDefinition {
  std::vector<std::string> layers{};
  std::uint32_t side = 0;  // see NetworkSettings
};

struct Study {
  std::string name{};
  std::string dataset{};  // folder
  Settings base{};
  std::map<std::string, NetworkDefinition> networks{};
  std::vector<Axis> axes{};                  // in the order of the file; the product is swept
  std::map<std::string, Value> baselines{};  // of an axis, the level that others are compared with

  // Filled in when a run starts, and kept in the run folder's study.toml.
  std::string fingerprint{};  // of the dataset
  std::vector<std::string> class_names{};
};

// What a command line lays over a study file.
struct StudyOverrides {
  std::string dataset{};
  std::vector<std::string> set{};   // KEY=VALUE, of any key of the file
  std::vector<std::string> axes{};  // KEY=V,V,...: replaces or adds an axis
};

// A study file with what the command line lays over it. Throws Error (usage) with file and line, or the
// option: an unknown key (with the nearest), a wrong type, an empty axis, a value of an axis twice. A file
// that cannot be read is Error (io).
Study read_study(const std::filesystem::path& path, const StudyOverrides& overrides = {});

// The same from a text; `where` names it in messages.
Study parse_study(const std::string& text, const std::string& where, const StudyOverrides& overrides = {});

// The study of a run folder, as it was last swept. Throws Error (usage) where there is no run.
Study read_run_study(const std::filesystem::path& run_folder);

// The study of a file with its overrides and what its dataset's manifest says: fingerprint, class names,
// absolute folder. Throws Error: usage where no dataset is named or there; what read_study and read_manifest
// throw.
Study resolve_study(const std::filesystem::path& file, const StudyOverrides& overrides);

// The study with every key, as read_study reads it back.
std::string to_toml(const Study& study);

// Lines "key: old -> new" for what differs.
std::vector<std::string> differences(const Study& before, const Study& after);

// One trial: a point of the grid.
struct Trial {
  std::string id{};  // 16 hex digits: hash of canonical settings, dataset fingerprint and numerics version
  Settings settings{};
};

// Raised when results change on purpose: trials get new names and run again.
inline constexpr std::uint64_t kNumericsVersion = 2;

std::string trial_id(const Settings& settings, const std::string& fingerprint);

// The product of the axes over the base, the last axis fastest. Two points with the same settings are one
// trial.
std::vector<Trial> grid(const Study& study);

// The settings without the seed: trials with the same text are one cell.
std::string cell_key(const Settings& settings);

// A cell's settings that differ from the defaults: "data.size=100 train.epochs=5".
std::string describe_cell(const Settings& settings);
std::string describe_trial(const Settings& settings);  // with the seed

// What is asked for in vain: keys that are not at their default in some trial, but of use in none
// ("train.steps" where every budget is one of epochs), and the networks of the study's own where no trial
// takes one of them ("networks.mine").
std::vector<std::string> keys_without_effect(const Study& study, std::span<const Trial> trials);

// The first trial of each cell: seeds change neither counts nor shapes, so it stands for all.
std::vector<Trial> one_of_each_cell(std::span<const Trial> trials);

}  // namespace titrate::study
