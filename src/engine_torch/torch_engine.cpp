#include "torch_engine.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/add.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <limits>

#include "autocast.hpp"
#include "flat.hpp"
#include "titrate/comm/agreement.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/fault.hpp"
#include "titrate/data/schedule.hpp"

namespace titrate::engine_torch {
namespace {

enum TailPlace : std::int64_t { kLoss = 0, kCorrect = 1, kFailed = 2 };

constexpr double kNever = std::numeric_limits<double>::infinity();

c10::Device torch_device(const comm::Device& device) {
  if (device.kind == comm::DeviceKind::cpu) return c10::Device(c10::kCPU);
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(device.index));
}

// Buckets need one part for each rank: a rank that adds several parts has its gradients after the last one.
bool travels_in_buckets(const train::EngineSetup& setup, std::size_t floats) {
  const comm::Exchange* exchange = setup.exchange;
  return exchange != nullptr && exchange->overlaps() && GradientBuckets::pay_for(floats) &&
         static_cast<std::uint32_t>(exchange->width()) == setup.train.micro_batches;
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

}  // namespace

TorchEngine::TorchEngine(const train::EngineSetup& setup)
    : setup_(setup),
      device_(torch_device(setup.device)),
      nodes_(net::resolve(setup.network)),
      tensors_(setup.network, setup.initial, device_) {
  const auto options = at::TensorOptions(device_).dtype(at::kDouble);
  totals_ = at::zeros({ModelTensors::kTail}, options);
  first_bad_ = at::full({}, kNever, options);
  if (!setup.class_weights.empty())
    class_weights_ = view_of(setup.class_weights).to(device_, at::kFloat, false, true);
  const auto floats = static_cast<std::size_t>(tensors_.parameters().numel());
  if (travels_in_buckets(setup, floats)) buckets_.emplace(tensors_, *setup.exchange);
  if (device_.is_cpu()) {
    host_optimizer_.emplace(setup.train, floats);
  } else {
    device_optimizer_.emplace(setup.train, tensors_.parameters());
  }
  setup_.initial = {};
}

TorchEngine::Input TorchEngine::fill(std::span<const std::uint32_t> rows, const data::Pipeline& pipeline,
                                     std::uint32_t epoch) {
  const net::TensorShape& shape = setup_.network.input;
  const std::size_t values = rows.size() * shape.values();
  const auto count = static_cast<std::int64_t>(rows.size());
  image_buffer_.resize(std::max(image_buffer_.size(), values));
  label_buffer_.resize(std::max(label_buffer_.size(), rows.size()));
  data::fill_batch(*setup_.dataset, pipeline, rows, std::span(image_buffer_).first(values),
                   std::span(label_buffer_).first(rows.size()), epoch);
  settle();  // a copy from pageable memory waits for the device
  return {at::from_blob(image_buffer_.data(), {count, shape.channels, shape.height, shape.width}).to(device_),
          at::from_blob(label_buffer_.data(), {count}, at::kLong).to(device_)};
}

// Every rank knows the rows of the whole batch, so that none has to ask.
double TorchEngine::weight_of(std::span<const std::uint32_t> rows, const data::Pipeline& pipeline) const {
  if (setup_.class_weights.empty()) return static_cast<double>(rows.size());
  const std::span<const std::int32_t> labels = data::labels_of(*setup_.dataset, pipeline);
  double sum = 0;
  for (const std::uint32_t row : rows) sum += setup_.class_weights[static_cast<std::size_t>(labels[row])];
  return sum;
}

at::Tensor TorchEngine::run(const at::Tensor& images, const RandomKeys* training) const {
  const Autocast autocast(device_.type(), setup_.train.precision == study::Precision::bf16);
  return forward(nodes_, tensors_.of_nodes(), images, training).to(at::kFloat);
}

void TorchEngine::compute_part(std::span<const std::uint32_t> rows, const Batch& batch) {
  tensors_.exchanged().zero_();
  if (rows.empty()) return;
  const Input input = fill(rows, batch.pipeline, batch.step.epoch);
  const RandomKeys keys{.sample_ids = setup_.dataset->catalog().sample_id,
                        .rows = rows,
                        .seed = setup_.seed,
                        .epoch = batch.step.epoch};
  const at::Tensor logits = run(input.images, &keys);
  at::Tensor loss = at::cross_entropy_loss(logits, input.labels, class_weights_, at::Reduction::Sum,
                                           /*ignore_index=*/-100, setup_.train.label_smoothing);
  if (fault_at("gradient")) loss = at::mul(loss, std::numeric_limits<double>::quiet_NaN());
  loss.backward(at::full({}, 1.0 / batch.weight, loss.options()));

  const at::NoGradGuard no_grad;
  tensors_.weigh_statistics(static_cast<double>(rows.size()) / static_cast<double>(batch.rows.size()));
  tensors_.tail().select(0, kLoss).copy_(loss.detach());
  tensors_.tail().select(0, kCorrect).copy_(at::eq(at::argmax(logits, 1), input.labels).sum());
}

void TorchEngine::compute_parts(const Batch& batch) {
  const comm::Exchange* exchange = setup_.exchange;
  const std::size_t width = exchange == nullptr ? 1 : static_cast<std::size_t>(exchange->width());
  const std::size_t parts = setup_.train.micro_batches, ours = parts / width;
  const std::size_t first = exchange == nullptr ? 0 : static_cast<std::size_t>(exchange->rank()) * ours;
  PartTree tree;
  for (std::size_t i = 0; i < ours; ++i) {
    compute_part(data::part_of(batch.rows, parts, first + i), batch);
    if (ours > 1) tree.push(tensors_.exchanged().clone());
  }
  if (ours > 1) tensors_.exchanged().copy_(tree.sum());
}

void TorchEngine::train_step(std::span<const std::uint32_t> rows, const train::Step& step,
                             const data::Pipeline& pipeline) {
  const Batch batch{rows, weight_of(rows, pipeline), step, pipeline};
  if (buckets_) buckets_->begin();
  attempt([&] {
    fault_at("train_step");
    compute_parts(batch);
  });
  if (failure_) spoil();
  exchange();
  attempt([&] {
    tensors_.finish_gradients(setup_.train.clip_norm);
    tensors_.update_running();
    optimize(step.learning_rate);
    count(batch);
  });
}

// Computes nothing after a failure, and keeps the failure for finish_epoch(). An error of the exchange is no
// failure of this rank, though it may come in the middle of backward: settle() throws it again.
void TorchEngine::attempt(const std::function<void()>& computation) {
  if (failure_) return;
  try {
    computation();
  } catch (...) {
    failure_ = std::current_exception();
    if (setup_.exchange == nullptr || describe(failure_).code == ErrorCode::no_progress) throw;
    settle();
  }
}

// Sends zeros for its share of the sum, and marks the failure for the other ranks.
void TorchEngine::spoil() {
  tensors_.exchanged().zero_();
  tensors_.tail().select(0, kFailed).fill_(1);
}

void TorchEngine::exchange() {
  if (buckets_) {
    buckets_->finish();
  } else if (setup_.exchange != nullptr) {
    at::Tensor& exchanged = tensors_.exchanged();
    setup_.exchange->sum(exchanged.data_ptr<float>(), static_cast<std::size_t>(exchanged.numel()));
  }
}

void TorchEngine::optimize(double learning_rate) {
  const at::Tensor &parameters = tensors_.parameters(), &gradients = tensors_.gradients();
  if (device_optimizer_) {
    device_optimizer_->step(parameters, gradients, learning_rate);
    return;
  }
  const auto size = static_cast<std::size_t>(parameters.numel());
  host_optimizer_->step({parameters.data_ptr<float>(), size}, {gradients.const_data_ptr<float>(), size},
                        learning_rate);
}

// Nothing is read back from the device.
void TorchEngine::count(const Batch& batch) {
  weight_ += batch.weight;
  images_ += batch.rows.size();
  totals_.add_(tensors_.tail());
  const at::Tensor bad_now = at::full({}, static_cast<double>(batch.step.number), first_bad_.options());
  const at::Tensor finite = at::isfinite(tensors_.tail().select(0, kLoss));
  first_bad_ = at::where(finite, first_bad_, first_bad_.minimum(bad_now));
}

// Comes before every wait for the device: that wait has no deadline, and never ends where a sum is stuck.
void TorchEngine::settle() const {
  if (setup_.exchange != nullptr) setup_.exchange->settle();
}

train::EpochSums TorchEngine::sums() const {
  settle();
  if (failure_) std::rethrow_exception(failure_);
  const at::Tensor totals = totals_.cpu();
  const double* tails = totals.const_data_ptr<double>();
  if (tails[kFailed] > 0)
    throw comm::PeerFailure({.where = "training", .what = "another rank of the group failed"});
  train::EpochSums sums{.loss = tails[kLoss],
                        .weight = weight_,
                        .correct = static_cast<std::uint64_t>(tails[kCorrect]),
                        .images = images_};
  const double bad = first_bad_.item<double>();
  if (bad != kNever) sums.diverged = static_cast<std::uint64_t>(bad);
  return sums;
}

train::EpochSums TorchEngine::finish_epoch() {
  train::EpochSums finished = sums();
  weight_ = 0;
  images_ = 0;
  totals_.zero_();
  first_bad_.fill_(kNever);
  return finished;
}

void TorchEngine::evaluate(std::span<const std::uint32_t> rows, const data::Pipeline& pipeline,
                           std::span<study::Prediction> out) {
  const c10::InferenceMode inference;
  const Input input = fill(rows, pipeline, 0);
  const at::Tensor logits = run(input.images, nullptr);
  const at::Tensor losses = at::cross_entropy_loss(logits, input.labels, {}, at::Reduction::None).cpu();
  const at::Tensor classes = at::argmax(logits, 1);
  const at::Tensor probabilities = at::softmax(logits, 1).gather(1, classes.unsqueeze(1)).cpu();
  const at::Tensor predicted = classes.cpu();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out[i] = {.predicted = static_cast<std::int32_t>(predicted.const_data_ptr<std::int64_t>()[i]),
              .loss = losses.const_data_ptr<float>()[i],
              .probability = probabilities.const_data_ptr<float>()[i]};
  }
}

std::vector<float> TorchEngine::logits(std::span<const float> images) {
  const c10::InferenceMode inference;
  settle();
  const net::TensorShape& shape = setup_.network.input;
  const auto count = static_cast<std::int64_t>(images.size() / shape.values());
  const at::Tensor input =
      view_of(images).view({count, shape.channels, shape.height, shape.width}).to(device_);
  return to_floats(run(input, nullptr).flatten());
}

train::Model TorchEngine::model() const {
  settle();
  return tensors_.model();
}

void TorchEngine::set_model(const train::Model& model) {
  settle();
  tensors_.set_model(model);
}

std::vector<float> TorchEngine::gradients() const {
  settle();
  return to_floats(tensors_.gradients());
}

train::EngineState TorchEngine::state() const {
  return {.model = model(),
          .moments = host_optimizer_ ? host_optimizer_->moments() : device_optimizer_->moments(),
          .optimizer_steps = host_optimizer_ ? host_optimizer_->steps() : device_optimizer_->steps(),
          .sums = sums()};
}

void TorchEngine::restore(const train::EngineState& state) {
  set_model(state.model);
  if (host_optimizer_) {
    host_optimizer_->restore(state.moments, state.optimizer_steps);
  } else {
    device_optimizer_->restore(state.moments, state.optimizer_steps);
  }
  weight_ = state.sums.weight;
  images_ = state.sums.images;
  totals_.zero_();
  totals_.select(0, kLoss).fill_(state.sums.loss);
  totals_.select(0, kCorrect).fill_(static_cast<double>(state.sums.correct));
  first_bad_.fill_(state.sums.diverged ? static_cast<double>(*state.sums.diverged) : kNever);
}

}  // namespace titrate::engine_torch
