// The engines that there are, and which of them trains what.
//
// Each is a shared library libtitrate_engine_NAME.so beside the program. It is loaded when it is first asked.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "titrate/train/engine.hpp"
#include "titrate/train/trainer.hpp"

namespace titrate::train {

class Engines {
 public:
  // Throws Error (failed) where the folder holds no engine.
  explicit Engines(const std::filesystem::path& folder);

  // In the order in which train.engine = "auto" asks them: fused, torch, then all others by name.
  const std::vector<std::string>& names() const { return names_; }

  // Throws Error: usage for another name (with the nearest), failed where it cannot be loaded.
  EngineLibrary load(const std::string& name) const;

  // The engine that `train.engine` names, or with "auto" the first that can train this. Throws Error (usage)
  // with the reasons where none can, and what load() throws: an engine that is broken is not passed over,
  // since the next one computes other bits.
  EngineLibrary choose(const net::Network& network, const study::TrainSettings& train,
                       const comm::Device& device) const;

  // One of the engine that is chosen for `setup`.
  std::unique_ptr<Engine> make(const EngineSetup& setup) const;

 private:
  std::filesystem::path folder_;
  std::vector<std::string> names_;
};

// Where this program's engines are: beside it, as built, or in ../lib/titrate, as installed. Throws Error
// (failed) that names both where neither holds one.
std::filesystem::path engine_folder();

// Rank 0 of the group chooses, so that ranks on unlike hosts take the same. Collective over the group; throws
// what choose() throws, on every rank.
EngineLibrary choose_engine(const Engines& engines, const TrialSetup& setup, const Group& group);

}  // namespace titrate::train
