// What trains a network. An engine is handed row numbers, and nothing is read back until an epoch ends.
//
// One engine object trains one trial on one rank; the ranks of a group have one each, call the same functions
// in the same order, and share gradients through the exchange. Engines live in shared libraries that are
// loaded when a trial needs them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "titrate/comm/device.hpp"
#include "titrate/comm/exchange.hpp"
#include "titrate/data/batch.hpp"
#include "titrate/net/network.hpp"
#include "titrate/study/metrics.hpp"
#include "titrate/study/train_settings.hpp"

namespace titrate::train {

// The numbers of a network: flat buffers, as net::parameter_layout lays them out.
struct Model {
  std::vector<float> parameters{};
  std::vector<float> running{};  // statistics of batch_norm
};

// What an engine is made for. Pointers and views must outlive it.
struct EngineSetup {
  const data::Dataset* dataset = nullptr;
  net::Network network{};
  study::TrainSettings train{};
  std::uint64_t seed = 0;              // of dropout and gaussian_noise
  Model initial{};                     // see initial_model()
  std::vector<float> class_weights{};  // of the loss, one per class; empty: all 1
  comm::Device device{};
  comm::Exchange* exchange = nullptr;  // null: the group is this rank alone; its width divides micro_batches
};

// One optimisation step.
struct Step {
  std::uint64_t number = 0;  // from 0, over the whole trial
  std::uint32_t epoch = 0;
  double learning_rate = 0;
};

// Sums over the training images of one epoch, over the whole group.
struct EpochSums {
  double loss = 0;    // cross-entropy with label smoothing, each image times the weight of its class
  double weight = 0;  // of the images
  std::uint64_t correct = 0;
  std::uint64_t images = 0;
  std::optional<std::uint64_t> diverged{};  // the first step whose loss was no finite number
};

// All that a step changes: a trial that goes on from it ends with the same bits.
struct EngineState {
  Model model{};
  std::vector<std::vector<float>> moments{};  // the optimizer's, each as long as the parameters
  std::uint64_t optimizer_steps = 0;
  EpochSums sums{};  // of the epoch so far
};

class Engine {
 public:
  virtual ~Engine() = default;

  // One step on a global batch, of which this rank computes its parts. The gradient is that of the mean loss
  // (weighted by class where there are weights), plus that of the layers' l2 terms, then clipped.
  //
  // Where there is an exchange and a rank's own computation fails, the rank sends zeros in this step and in
  // the rest of the epoch, so that no other waits for it; numbers of such an epoch are of no use.
  // train_step() then throws the exchange's own errors alone.
  virtual void train_step(std::span<const std::uint32_t> batch, const Step& step,
                          const data::Pipeline& pipeline) = 0;
  // After a failure, this and state() throw what happened, and on the other ranks comm::PeerFailure; the
  // engine is of no use any more.
  virtual EpochSums finish_epoch() = 0;

  // Predictions for these rows, in their order, as one batch; the loss is the plain cross-entropy.
  virtual void evaluate(std::span<const std::uint32_t> rows, const data::Pipeline& pipeline,
                        std::span<study::Prediction> out) = 0;

  // Logits, images x classes, of images as the network sees them (N x C x H x W), in evaluation.
  virtual std::vector<float> logits(std::span<const float> images) = 0;

  virtual Model model() const = 0;
  virtual void set_model(const Model& model) = 0;
  virtual std::vector<float> gradients() const = 0;  // of the last step, as the optimizer saw them
  virtual EngineState state() const = 0;
  virtual void restore(const EngineState& state) = 0;
};

// The interface number, which a program and its engines must share: structs of C++ cross the boundary. A
// change of their sizes changes it. Any other change of what crosses raises kRevision by hand.
constexpr std::uint64_t engine_interface() {
  constexpr std::uint64_t kRevision = 1;
  std::uint64_t number = kRevision;
  for (const std::size_t size :
       {sizeof(EngineSetup), sizeof(study::TrainSettings), sizeof(net::Network), sizeof(net::Layer),
        sizeof(data::Dataset), sizeof(data::Pipeline), sizeof(study::Prediction), sizeof(comm::Device),
        sizeof(comm::Exchange), sizeof(Model), sizeof(Step), sizeof(EpochSums), sizeof(EngineState)})
    number = number * 1'000'003 + size;
  return number;
}

// NAME of libtitrate_engine_NAME.so, the file of an engine; empty for another file.
std::string engine_name(const std::filesystem::path& file);
std::string engine_file(const std::string& name);  // and back

// Loads engines from a shared library and keeps it loaded. Copies share it.
class EngineLibrary {
 public:
  // `library` is a file that exports titrate_engine_interface, which returns engine_interface(), and
  // titrate_make_engine, titrate_engine_numerics and titrate_engine_supports, functions of the types below.
  // Throws Error (failed), also for an engine of another build.
  explicit EngineLibrary(const std::filesystem::path& library);

  const std::string& name() const { return name_; }

  std::unique_ptr<Engine> make(const EngineSetup& setup) const;

  // Why it cannot train this network by these settings on this device; empty where it can.
  std::string why_not(const net::Network& network, const study::TrainSettings& train,
                      const comm::Device& device) const;

  // Which arithmetic it is: "torch-2.11/cpu/avx512". Results of one numerics class are the same bits.
  std::string numerics(const comm::Device& device) const;

 private:
  using Make = Engine* (*)(const EngineSetup&);
  using Numerics = void (*)(const comm::Device&, std::string&);
  using Supports = void (*)(const net::Network&, const study::TrainSettings&, const comm::Device&,
                            std::string& why_not);

  std::string name_;
  std::shared_ptr<void> handle_;
  Make make_ = nullptr;
  Numerics numerics_ = nullptr;
  Supports supports_ = nullptr;
};

}  // namespace titrate::train
