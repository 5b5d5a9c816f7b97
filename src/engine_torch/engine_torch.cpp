// The reference engine: LibTorch on CPU or CUDA, autograd over flat buffers.
//
// Parameters are views of one flat tensor, their .grad are views of another, so autograd accumulates in
// place, the exchange is one call and the optimizer a loop. The gradient buffer ends in a tail that travels
// with it: loss sum, correct, images.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/add.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>
#include <dlfcn.h>
#include <torch/headeronly/version.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "forward.hpp"
#include "titrate/core/error.hpp"
#include "titrate/data/schedule.hpp"
#include "titrate/train/engine.hpp"
#include "titrate/train/optimizer.hpp"

namespace titrate::engine_torch {
namespace {

constexpr std::int64_t kTail = 16;
enum TailPlace : std::int64_t { kLoss = 0, kCorrect = 1, kImages = 2 };

c10::Device torch_device(const comm::Device& device) {
  if (device.kind == comm::DeviceKind::cpu) return c10::Device(c10::kCPU);
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(device.index));
}

// CPU ranks never load the CUDA libraries; LibTorch registers them when they come.
void load_cuda() {
  if (at::globalContext().hasCUDA()) return;
  if (::dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    throw Error({.code = ErrorCode::failed,
                 .where = "engine_torch",
                 .what = "this LibTorch has no CUDA libraries",
                 .got = ::dlerror(),
                 .hint = "use --device cpu, or install a LibTorch with CUDA"});
  }
}

// Sums parts in one fixed binary tree: slot k holds the sum of 2^k consecutive parts.
class PartTree {
 public:
  void push(at::Tensor part) {
    std::size_t level = 0;
    for (; ((count_ >> level) & 1) != 0; ++level) part = at::add(slots_[level], part);
    slots_.resize(std::max(slots_.size(), level + 1));
    slots_[level] = std::move(part);
    ++count_;
  }
  const at::Tensor& sum() const { return slots_.back(); }  // after a power of two of parts

 private:
  std::vector<at::Tensor> slots_;
  std::size_t count_ = 0;
};

class TorchEngine final : public train::Engine {
 public:
  explicit TorchEngine(const train::EngineSetup& setup);

  void train_step(std::span<const std::uint32_t> batch, std::uint32_t epoch,
                  const data::Pipeline& pipeline) override;
  train::EpochSums finish_epoch() override;
  void evaluate(std::span<const std::uint32_t> rows, const data::Pipeline& pipeline,
                std::span<train::Prediction> out) override;
  std::vector<float> parameters() const override { return host_copy(parameters_); }
  std::vector<float> gradients() const override { return host_copy(gradients_); }

 private:
  struct Input {
    at::Tensor images, labels;
  };

  Input fill(std::span<const std::uint32_t> rows, const data::Pipeline& pipeline);
  void compute_part(std::span<const std::uint32_t> rows, std::size_t batch_images, std::uint32_t epoch,
                    const data::Pipeline& pipeline);
  void update();
  std::vector<float> host_copy(const at::Tensor& flat) const;

  train::EngineSetup setup_;
  net::ParameterLayout layout_;
  c10::Device device_;
  at::Tensor parameters_, gradients_, totals_;
  std::vector<at::Tensor> leaves_;  // views of parameters_, one per tensor of the layout
  std::optional<train::Sgd> host_optimizer_;
  at::Tensor velocity_;  // on a GPU
  std::vector<float> image_buffer_;
  std::vector<std::int64_t> label_buffer_;
};

TorchEngine::TorchEngine(const train::EngineSetup& setup)
    : setup_(setup), layout_(net::parameter_layout(setup.network)), device_(torch_device(setup.device)) {
  const auto floats = static_cast<std::int64_t>(layout_.floats);
  const auto options = at::TensorOptions(device_).dtype(at::kFloat);
  parameters_ =
      at::from_blob(const_cast<float*>(setup.initial_parameters.data()), {floats}).to(options, false, true);
  gradients_ = at::zeros({floats + kTail}, options);
  totals_ = at::zeros({kTail}, options.dtype(at::kDouble));
  for (const net::ParameterTensor& tensor : layout_.tensors) {
    const auto view = [&](const at::Tensor& flat) {
      return flat.narrow(0, static_cast<std::int64_t>(tensor.offset), static_cast<std::int64_t>(tensor.count))
          .view(tensor.dimensions);
    };
    leaves_.push_back(view(parameters_).detach().set_requires_grad(true));
    leaves_.back().mutable_grad() = view(gradients_);
  }
  if (device_.is_cpu()) {
    host_optimizer_.emplace(layout_.floats, setup.train.momentum);
  } else {
    velocity_ = at::zeros({floats}, options);
  }
  setup_.initial_parameters = {};
}

TorchEngine::Input TorchEngine::fill(std::span<const std::uint32_t> rows, const data::Pipeline& pipeline) {
  const image::Shape& shape = setup_.dataset->shape();
  const auto count = static_cast<std::int64_t>(rows.size());
  image_buffer_.resize(std::max(image_buffer_.size(), rows.size() * shape.bytes()));
  label_buffer_.resize(std::max(label_buffer_.size(), rows.size()));
  data::fill_batch(*setup_.dataset, pipeline, rows,
                   std::span(image_buffer_).first(rows.size() * shape.bytes()),
                   std::span(label_buffer_).first(rows.size()));
  return {at::from_blob(image_buffer_.data(), {count, shape.channels, shape.height, shape.width}).to(device_),
          at::from_blob(label_buffer_.data(), {count}, at::kLong).to(device_)};
}

void TorchEngine::compute_part(std::span<const std::uint32_t> rows, std::size_t batch_images,
                               std::uint32_t epoch, const data::Pipeline& pipeline) {
  gradients_.zero_();
  if (rows.empty()) return;
  const Input input = fill(rows, pipeline);
  const DropoutKeys dropout{
      .sample_ids = setup_.dataset->catalog().sample_id, .rows = rows, .seed = setup_.seed, .epoch = epoch};
  const at::Tensor logits = forward(setup_.network, leaves_, input.images, &dropout);
  const at::Tensor loss = at::cross_entropy_loss(logits, input.labels, {}, at::Reduction::Sum);
  loss.backward(at::full({}, 1.0 / static_cast<double>(batch_images), loss.options()));

  const at::NoGradGuard no_grad;
  const at::Tensor tail = gradients_.narrow(0, static_cast<std::int64_t>(layout_.floats), kTail);
  tail.select(0, kLoss).copy_(loss.detach());
  tail.select(0, kCorrect).copy_(at::eq(at::argmax(logits, 1), input.labels).sum());
  tail.select(0, kImages).fill_(static_cast<double>(rows.size()));
}

void TorchEngine::train_step(std::span<const std::uint32_t> batch, std::uint32_t epoch,
                             const data::Pipeline& pipeline) {
  const comm::Exchange* exchange = setup_.exchange;
  const std::size_t width = exchange == nullptr ? 1 : static_cast<std::size_t>(exchange->width());
  const std::size_t parts = setup_.train.micro_batches, ours = parts / width;
  const std::size_t first = exchange == nullptr ? 0 : static_cast<std::size_t>(exchange->rank()) * ours;
  PartTree tree;
  for (std::size_t i = 0; i < ours; ++i) {
    compute_part(data::part_of(batch, parts, first + i), batch.size(), epoch, pipeline);
    if (ours > 1) tree.push(gradients_.clone());
  }
  if (ours > 1) gradients_.copy_(tree.sum());
  if (setup_.exchange != nullptr) {
    setup_.exchange->sum(gradients_.data_ptr<float>(), static_cast<std::size_t>(gradients_.numel()));
  }
  update();
  totals_.add_(gradients_.narrow(0, static_cast<std::int64_t>(layout_.floats), kTail));
}

void TorchEngine::update() {
  const double rate = setup_.train.learning_rate;
  if (host_optimizer_) {
    host_optimizer_->step({parameters_.data_ptr<float>(), layout_.floats},
                          {gradients_.data_ptr<float>(), layout_.floats}, rate);
    return;
  }
  const at::NoGradGuard no_grad;
  velocity_.mul_(setup_.train.momentum)
      .add_(gradients_.narrow(0, 0, static_cast<std::int64_t>(layout_.floats)));
  parameters_.sub_(velocity_, rate);
}

train::EpochSums TorchEngine::finish_epoch() {
  const at::Tensor totals = totals_.clone().cpu();
  totals_.zero_();
  const double* sums = totals.const_data_ptr<double>();
  return {sums[kLoss], static_cast<std::uint64_t>(sums[kCorrect]), static_cast<std::uint64_t>(sums[kImages])};
}

void TorchEngine::evaluate(std::span<const std::uint32_t> rows, const data::Pipeline& pipeline,
                           std::span<train::Prediction> out) {
  const c10::InferenceMode inference;
  const Input input = fill(rows, pipeline);
  const at::Tensor logits = forward(setup_.network, leaves_, input.images, nullptr);
  const at::Tensor losses = at::cross_entropy_loss(logits, input.labels, {}, at::Reduction::None).cpu();
  const at::Tensor classes = at::argmax(logits, 1).cpu();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out[i] = {static_cast<std::int32_t>(classes.const_data_ptr<std::int64_t>()[i]),
              losses.const_data_ptr<float>()[i]};
  }
}

std::vector<float> TorchEngine::host_copy(const at::Tensor& flat) const {
  const at::Tensor host = flat.cpu();
  const float* data = host.const_data_ptr<float>();
  return {data, data + layout_.floats};
}

}  // namespace
}  // namespace titrate::engine_torch

// The two functions that train::EngineLibrary looks up.
extern "C" __attribute__((visibility("default"))) titrate::train::Engine* titrate_make_engine(
    const titrate::train::EngineSetup& setup) {
  at::set_num_threads(1);  // two threads sum in another order; one trial per core is faster anyway
  if (setup.device.kind == titrate::comm::DeviceKind::cuda) {
    titrate::engine_torch::load_cuda();
    // Full float32, and the same bits every time.
    at::globalContext().setAllowTF32CuDNN(false);
    at::globalContext().setBenchmarkCuDNN(false);
    at::globalContext().setDeterministicCuDNN(true);
  }
  return new titrate::engine_torch::TorchEngine(setup);
}

extern "C" __attribute__((visibility("default"))) void titrate_engine_numerics(
    const titrate::comm::Device& device, std::string& out) {
  out = "torch-" + std::to_string(TORCH_VERSION_MAJOR) + "." + std::to_string(TORCH_VERSION_MINOR);
  if (device.kind == titrate::comm::DeviceKind::cuda) {
    out += "/cuda/" + device.name;
    return;
  }
  for (const char c : "/cpu/" + at::get_cpu_capability())
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}
