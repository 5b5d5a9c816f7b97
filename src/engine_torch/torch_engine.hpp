// The reference engine: LibTorch on CPU or CUDA, autograd over flat buffers.
#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "fused_optimizer.hpp"
#include "gradient_buckets.hpp"
#include "model_tensors.hpp"
#include "titrate/train/engine.hpp"
#include "titrate/train/optimizer.hpp"

namespace titrate::engine_torch {

class TorchEngine final : public train::Engine {
 public:
  explicit TorchEngine(const train::EngineSetup& setup);

  void train_step(std::span<const std::uint32_t> batch, const train::Step& step,
                  const data::Pipeline& pipeline) override;
  train::EpochSums finish_epoch() override;
  void evaluate(std::span<const std::uint32_t> rows, const data::Pipeline& pipeline,
                std::span<study::Prediction> out) override;
  std::vector<float> logits(std::span<const float> images) override;
  train::Model model() const override;
  void set_model(const train::Model& model) override;
  std::vector<float> gradients() const override;
  train::EngineState state() const override;
  void restore(const train::EngineState& state) override;

 private:
  struct Input {
    at::Tensor images, labels;
  };
  // What the parts of one step share.
  struct Batch {
    std::span<const std::uint32_t> rows;
    double weight;  // sum over all rows
    const train::Step& step;
    const data::Pipeline& pipeline;
  };

  Input fill(std::span<const std::uint32_t> rows, const data::Pipeline& pipeline, std::uint32_t epoch);
  double weight_of(std::span<const std::uint32_t> rows, const data::Pipeline& pipeline) const;
  at::Tensor run(const at::Tensor& images, const RandomKeys* training) const;
  void compute_part(std::span<const std::uint32_t> rows, const Batch& batch);
  void compute_parts(const Batch& batch);
  void attempt(const std::function<void()>& computation);
  void spoil();
  void exchange();
  void optimize(double learning_rate);
  void count(const Batch& batch);
  train::EpochSums sums() const;
  void settle() const;

  train::EngineSetup setup_;
  c10::Device device_;
  std::vector<net::Node> nodes_;
  ModelTensors tensors_;
  std::optional<GradientBuckets> buckets_;  // none: the exchange is one call
  at::Tensor class_weights_;                // undefined: all 1
  std::optional<train::Optimizer> host_optimizer_;
  std::optional<FusedOptimizer> device_optimizer_;

  // Of the epoch so far. What every rank knows beforehand is counted here, the rest on the device.
  double weight_ = 0;
  std::uint64_t images_ = 0;
  at::Tensor totals_;             // of the tails
  at::Tensor first_bad_;          // the first step without a finite loss; infinity: none
  std::exception_ptr failure_{};  // of this rank's computation

  std::vector<float> image_buffer_;
  std::vector<std::int64_t> label_buffer_;
};

}  // namespace titrate::engine_torch
