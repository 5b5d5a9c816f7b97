// One trial from its selection to its metrics.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "titrate/data/label_noise.hpp"
#include "titrate/data/selection.hpp"
#include "titrate/study/outcome.hpp"
#include "titrate/train/engine.hpp"
#include "titrate/train/group.hpp"

namespace titrate::train {

class CheckpointFolder;

struct TrialSetup {
  net::Network network{};  // its input is what images are padded to
  study::TrainSettings train{};
  data::SelectionRequest selection{};
  data::LabelNoise label_noise{};
  data::Standardise standardise = data::Standardise::dataset;
  image::Noise train_noise{};
  bool fresh_noise = false;
  std::vector<image::Operation> augment{};
  std::vector<image::Transform> denoise{};
  std::vector<image::Noise> conditions{};  // one test of the trained network each
  std::uint64_t seed = 0;
};

struct TrainedTrial {
  study::TrialOutcome outcome{};
  Model model{};                                              // as tested
  data::Standardisation standardisation{};                    // of its input
  std::vector<std::vector<study::Prediction>> predictions{};  // by condition, then test image
};

// Where a trial stands.
struct TrialPosition {
  std::uint64_t step = 0, total_steps = 0;
  std::uint32_t epochs = 0;                               // done
  std::optional<double> train_loss{}, validation_loss{};  // of the last of them
};

// Whoever wants to know what a rank does. All of it is called on every rank of the group, but warn(), and
// "checkpoint", where one is written: on rank 0.
class TrialObserver {
 public:
  virtual ~TrialObserver() = default;

  // What the rank does from now on: prepare, make_engine, read_checkpoint, first_step, finish_epoch,
  // validate, checkpoint, test. Until the next, or the next step, it does that. What it throws fails the
  // trial as any other error does there.
  virtual void at(const char* site) = 0;
  virtual void alive() {}                                   // it does the same still, and gets on
  virtual void stepped(const TrialPosition& position) = 0;  // after every step
  virtual bool wants_stop() = 0;                            // asked between two steps, and two tests
  virtual void warn(const std::string& message) = 0;        // once a trial: it has no checkpoint, and goes on
};

struct TrialHooks {
  CheckpointFolder* checkpoints = nullptr;  // goes on from the newest that is whole
  TrialObserver* observer = nullptr;        // on all ranks of the group or on none
};

// Collective over the group; every rank gets the same (but for seconds). What goes wrong on a rank of several
// is thrown by all as comm::AgreedError of the group's size, and the group can go on with another trial;
// anything else that a rank of several throws leaves the others waiting for it. Where the observer of any
// rank wants to stop, all stop after the same step, keep a checkpoint of it, and throw Error (stopped).
TrainedTrial train_trial(const data::Dataset& dataset, const TrialSetup& setup, const Group& group,
                         const EngineLibrary& engine_library, const TrialHooks& hooks = {});

}  // namespace titrate::train
