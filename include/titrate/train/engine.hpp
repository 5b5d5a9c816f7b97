// What trains a network. An engine is handed row numbers, and nothing is read back until an epoch ends.
//
// One engine object trains one trial on one rank; the ranks of a group have one each, call the same functions
// in the same order, and share gradients through the exchange. Engines live in shared libraries that are
// loaded when a trial needs them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "titrate/comm/device.hpp"
#include "titrate/comm/exchange.hpp"
#include "titrate/data/batch.hpp"
#include "titrate/net/network.hpp"
#include "titrate/train/metrics.hpp"
#include "titrate/train/settings.hpp"

namespace titrate::train {

// What an engine is made for. Pointers and views must outlive it.
struct EngineSetup {
  const data::Dataset* dataset = nullptr;
  net::Network network{};
  TrainSettings train{};
  std::uint64_t seed = 0;                       // of dropout
  std::span<const float> initial_parameters{};  // flat, as net::parameter_layout
  comm::Device device{};
  comm::Exchange* exchange = nullptr;  // null: the group is this rank alone; its width divides micro_batches
};

// Sums over the training images of one epoch, over the whole group.
struct EpochSums {
  double loss = 0;
  std::uint64_t correct = 0;
  std::uint64_t images = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;

  // One optimisation step on a global batch, of which this rank computes its parts. The gradient is that of
  // the mean loss.
  virtual void train_step(std::span<const std::uint32_t> batch, std::uint32_t epoch,
                          const data::Pipeline& pipeline) = 0;
  virtual EpochSums finish_epoch() = 0;

  // Predictions for these rows, in their order, as one batch.
  virtual void evaluate(std::span<const std::uint32_t> rows, const data::Pipeline& pipeline,
                        std::span<Prediction> out) = 0;

  // Flat buffers, as net::parameter_layout; gradients are those of the last step.
  virtual std::vector<float> parameters() const = 0;
  virtual std::vector<float> gradients() const = 0;
};

// Loads engines from a shared library and keeps it loaded. Copies share it.
class EngineLibrary {
 public:
  // `library` is a file that exports titrate_make_engine and titrate_engine_numerics. Throws Error (failed).
  explicit EngineLibrary(const std::filesystem::path& library);

  std::unique_ptr<Engine> make(const EngineSetup& setup) const;

  // Which arithmetic it is: "torch-2.11/cpu/avx512". Results of one numerics class are the same bits.
  std::string numerics(const comm::Device& device) const;

 private:
  using Make = Engine* (*)(const EngineSetup&);
  using Numerics = void (*)(const comm::Device&, std::string&);

  std::shared_ptr<void> handle_;
  Make make_ = nullptr;
  Numerics numerics_ = nullptr;
};

// engine_torch beside this program, as built or as installed.
std::filesystem::path default_engine_library();

}  // namespace titrate::train
