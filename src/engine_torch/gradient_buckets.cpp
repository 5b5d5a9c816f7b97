#include "gradient_buckets.hpp"

#include <torch/csrc/autograd/variable.h>

#include <memory>

namespace titrate::engine_torch {
namespace {

constexpr std::size_t kLeastFloats = std::size_t{1} << 20;
constexpr std::size_t kBucketFloats = std::size_t{1} << 20;  // 4 MB: bandwidth counts, no longer latency

}  // namespace

// Autograd calls it when it has added to a parameter's gradient.
class GradientBuckets::Arrival final : public torch::autograd::PostAccumulateGradHook {
 public:
  Arrival(GradientBuckets& buckets, std::size_t bucket) : buckets_(buckets), bucket_(bucket) {}
  void operator()(const at::Tensor&) override { buckets_.arrived(bucket_); }

 private:
  GradientBuckets& buckets_;
  std::size_t bucket_;
};

bool GradientBuckets::pay_for(std::size_t floats) { return floats >= kLeastFloats; }

GradientBuckets::GradientBuckets(ModelTensors& tensors, comm::Exchange& exchange)
    : tensors_(tensors), exchange_(exchange) {
  const float* const start = tensors.gradients().const_data_ptr<float>();
  auto end = static_cast<std::size_t>(tensors.gradients().numel());
  const std::vector<at::Tensor>& leaves = tensors.leaves();
  for (auto leaf = leaves.rbegin(); leaf != leaves.rend(); ++leaf) {
    if (buckets_.empty() || buckets_.back().floats >= kBucketFloats) buckets_.push_back({.offset = end});
    Bucket& bucket = buckets_.back();
    const auto offset = static_cast<std::size_t>(leaf->grad().const_data_ptr<float>() - start);
    bucket.floats += bucket.offset - offset;
    bucket.offset = end = offset;
    ++bucket.parameters;
    torch::autograd::impl::set_post_acc_grad_hooks(*leaf,
                                                   std::make_unique<Arrival>(*this, buckets_.size() - 1));
  }
}

GradientBuckets::~GradientBuckets() {
  for (const at::Tensor& leaf : tensors_.leaves())
    torch::autograd::impl::set_post_acc_grad_hooks(leaf, nullptr);
}

void GradientBuckets::begin() {
  started_ = 0;
  for (Bucket& bucket : buckets_) bucket.missing = bucket.parameters;
}

void GradientBuckets::arrived(std::size_t bucket) {
  --buckets_[bucket].missing;
  while (started_ < buckets_.size() && buckets_[started_].missing == 0) start_next();
}

void GradientBuckets::start_next() {
  const Bucket& bucket = buckets_[started_++];
  exchange_.start(tensors_.exchanged().data_ptr<float>() + bucket.offset, bucket.floats);
}

void GradientBuckets::finish() {
  while (started_ < buckets_.size()) start_next();
  const auto gradients = static_cast<std::size_t>(tensors_.gradients().numel()),
             all = static_cast<std::size_t>(tensors_.exchanged().numel());
  exchange_.start(tensors_.exchanged().data_ptr<float>() + gradients, all - gradients);
  exchange_.finish();
}

}  // namespace titrate::engine_torch
