// The engine of a GPU that is made up of host memory: the true engine on the CPU. It stands beside a titrate
// that is linked with fake_cuda.cpp and fake_nccl.cpp, under the name that train::Engines looks
// for, so that everything between the command line and NCCL's calls runs as on a GPU, and the rows can
// be compared with the CPU's.
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "titrate/train/engine.hpp"

namespace titrate {
namespace {

// The host looks at its memory as soon as it may, and follows no stream.
class SettledExchange final : public comm::Exchange {
 public:
  explicit SettledExchange(comm::Exchange& inner) : inner_(inner) {}

  void sum(float* data, std::size_t count) override {
    inner_.sum(data, count);
    inner_.settle();
  }
  void start(float* data, std::size_t count) override { inner_.start(data, count); }
  void finish() override {
    inner_.finish();
    inner_.settle();
  }
  bool overlaps() const override { return inner_.overlaps(); }
  void settle() override { inner_.settle(); }
  int rank() const override { return inner_.rank(); }
  int width() const override { return inner_.width(); }
  std::string name() const override { return inner_.name(); }

 private:
  comm::Exchange& inner_;
};

class FakeGpuEngine final : public train::Engine {
 public:
  explicit FakeGpuEngine(train::EngineSetup setup) : exceptions_(std::uncaught_exceptions()) {
    if (setup.exchange != nullptr) {
      exchange_ = std::make_unique<SettledExchange>(*setup.exchange);
      setup.exchange = exchange_.get();
    }
    setup.device = comm::Device{};
    engine_ = train::EngineLibrary(TITRATE_TRUE_ENGINE).make(setup);
  }

  // What LibTorch frees on a GPU stays mapped, so that sums that were given up may still touch it.
  ~FakeGpuEngine() override {
    if (std::uncaught_exceptions() > exceptions_) static_cast<void>(engine_.release());
  }

  void train_step(std::span<const std::uint32_t> batch, const train::Step& step,
                  const data::Pipeline& pipeline) override {
    engine_->train_step(batch, step, pipeline);
  }
  train::EpochSums finish_epoch() override { return engine_->finish_epoch(); }
  void evaluate(std::span<const std::uint32_t> rows, const data::Pipeline& pipeline,
                std::span<study::Prediction> out) override {
    engine_->evaluate(rows, pipeline, out);
  }
  std::vector<float> logits(std::span<const float> images) override { return engine_->logits(images); }
  train::Model model() const override { return engine_->model(); }
  void set_model(const train::Model& model) override { engine_->set_model(model); }
  std::vector<float> gradients() const override { return engine_->gradients(); }
  train::EngineState state() const override { return engine_->state(); }
  void restore(const train::EngineState& state) override { engine_->restore(state); }

 private:
  int exceptions_;
  std::unique_ptr<SettledExchange> exchange_;
  std::unique_ptr<train::Engine> engine_;  // gone before what it sums with
};

}  // namespace
}  // namespace titrate

extern "C" __attribute__((visibility("default"))) std::uint64_t titrate_engine_interface() {
  return titrate::train::engine_interface();
}

extern "C" __attribute__((visibility("default"))) titrate::train::Engine* titrate_make_engine(
    const titrate::train::EngineSetup& setup) {
  return new titrate::FakeGpuEngine(setup);
}

extern "C" __attribute__((visibility("default"))) void titrate_engine_numerics(const titrate::comm::Device&,
                                                                               std::string& out) {
  out = titrate::train::EngineLibrary(TITRATE_TRUE_ENGINE).numerics(titrate::comm::Device{});
}

extern "C" __attribute__((visibility("default"))) void titrate_engine_supports(
    const titrate::net::Network& network, const titrate::study::TrainSettings& train,
    const titrate::comm::Device&, std::string& why_not) {
  why_not =
      titrate::train::EngineLibrary(TITRATE_TRUE_ENGINE).why_not(network, train, titrate::comm::Device{});
}
