// Where a trial stands, kept in files while it runs: a trial that goes on from one ends with the same bits.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "titrate/train/trainer.hpp"
#include "titrate/train/validation.hpp"

namespace titrate::train {

// Between two steps of a trial.
struct TrialState {
  std::uint64_t step = 0;   // steps done
  std::uint32_t epoch = 0;  // under way, from 0
  std::uint64_t batch = 0;  // batches of it done
  ValidationWatch watch{};
  std::vector<study::EpochRecord> epochs{};
  std::optional<Model> best{};  // weights of the best epoch, where they are wanted
  double train_seconds = 0;
};

struct Checkpoint {
  TrialState progress{};
  EngineState engine{};
};

// A safetensors file. `owner` is whose it is.
std::string encode(const Checkpoint& checkpoint, const std::string& owner);

// Throws Error (integrity) that names `where` for bytes that encode() did not make, for this owner.
Checkpoint decode_checkpoint(std::string_view bytes, const std::string& owner, const std::string& where);

// When checkpoints are written; 0: never for that reason.
struct CheckpointPolicy {
  std::uint32_t epochs = 0;
  double minutes = 0;
};

// The checkpoints of one trial in one numerics class: TRIAL-CLASS-STEP-aATTEMPT.safetensors, the last two of
// them. Other classes neither see nor displace each other's. The files are touched by one rank of an attempt;
// a rank of an earlier attempt that lives on neither overwrites nor removes those of a later one.
class CheckpointFolder {
 public:
  CheckpointFolder(std::filesystem::path folder, std::string trial, std::string numerics,
                   std::uint32_t attempt, const CheckpointPolicy& policy);

  // Whether one is to be written now, after a step; `epoch_done`: the last of an epoch, of which `epochs`
  // are done.
  bool due(bool epoch_done, std::uint32_t epochs) const;

  // Whole or not there; then all but the newest two go. Throws Error (io), and is then not due again at once.
  void save(const Checkpoint& checkpoint);

  // The bytes of the newest that is whole, whatever attempt wrote it; empty where there is none. Damaged ones
  // go: newer ones may have lower steps.
  std::string newest();
  Checkpoint decode(std::string_view bytes) const;

  // Of every class, with what a killed process left half written.
  void remove_all();

 private:
  std::vector<std::filesystem::path> files() const;  // lowest step first
  std::vector<std::filesystem::path> files_from(const std::string& start) const;
  bool is_mine(const std::filesystem::path& file) const;  // to remove

  std::filesystem::path folder_;
  std::string trial_, owner_;
  std::uint32_t attempt_;
  CheckpointPolicy policy_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace titrate::train
