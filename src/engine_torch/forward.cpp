#include "forward.hpp"

#include <ATen/ops/add.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/tanh.h>

namespace titrate::engine_torch {
namespace {

// Flat values are N x C, others N x C x H x W; a layer may get either where H and W are 1.
at::Tensor as_rows(const at::Tensor& values) { return values.dim() == 2 ? values : values.flatten(1); }
at::Tensor as_planes(const at::Tensor& values) {
  return values.dim() == 4 ? values : values.unsqueeze(2).unsqueeze(3);
}

// The squares of each image, row by row: (N x squares) x C x size x size.
at::Tensor squares_of(const at::Tensor& planes, std::int64_t size) {
  const std::int64_t images = planes.size(0), channels = planes.size(1), down = planes.size(2) / size,
                     across = planes.size(3) / size;
  return planes.reshape({images, channels, down, size, across, size})
      .permute({0, 2, 4, 1, 3, 5})
      .reshape({images * down * across, channels, size, size});
}

struct Pass {
  std::span<const NodeTensors> tensors;
  const RandomKeys* training;

  at::Tensor run(const std::vector<net::Node>& nodes, at::Tensor values) const;
};

struct Apply {
  const Pass& pass;
  const net::Node& node;
  const at::Tensor& input;
  const NodeTensors& own;

  at::Tensor operator()(const net::Conv& conv) const {
    const std::int64_t stride = conv.stride, groups = conv.groups, frame = conv.kernel - 1;
    at::Tensor planes = as_planes(input);
    std::int64_t padding = conv.same ? frame / 2 : conv.padding;
    if (conv.same && frame % 2 != 0) {
      // LibTorch's own padding="same" does this too, with a warning.
      planes = at::constant_pad_nd(planes, {padding, frame - padding, padding, frame - padding});
      padding = 0;
    }
    return at::conv2d(planes, own.weight, own.bias, stride, padding, 1, groups);
  }
  at::Tensor operator()(const net::MaxPool& pool) const {
    return at::max_pool2d(as_planes(input), pool.size, pool.stride == 0 ? pool.size : pool.stride,
                          pool.padding);
  }
  at::Tensor operator()(const net::AvgPool& pool) const {
    return at::avg_pool2d(as_planes(input), pool.size, pool.stride == 0 ? pool.size : pool.stride,
                          pool.padding);
  }
  at::Tensor operator()(const net::GlobalAvgPool&) const {
    return at::mean(as_planes(input), {2, 3}, /*keepdim=*/true);
  }
  // Momentum 1 makes "running" statistics those of this batch.
  at::Tensor operator()(const net::BatchNorm& norm) const {
    const bool training = pass.training != nullptr;
    return at::batch_norm(input, own.weight, own.bias, training ? own.batch_mean : own.running_mean,
                          training ? own.batch_variance : own.running_variance, training, /*momentum=*/1.0,
                          norm.epsilon, /*cudnn_enabled=*/true);
  }
  at::Tensor operator()(const net::Dropout& layer) const {
    if (pass.training == nullptr || layer.rate <= 0) return input;
    return at::mul(input, here(dropout_mask(layer.rate, node.number, values_per_image(), *pass.training)));
  }
  at::Tensor operator()(const net::GaussianNoise& layer) const {
    if (pass.training == nullptr || layer.deviation <= 0) return input;
    return at::add(input, here(normal_numbers(node.number, values_per_image(), *pass.training)),
                   layer.deviation);
  }
  std::int64_t values_per_image() const {
    return input.numel() / static_cast<std::int64_t>(pass.training->rows.size());
  }
  at::Tensor here(const at::Tensor& numbers) const { return numbers.view(input.sizes()).to(input.device()); }
  at::Tensor operator()(const net::Relu&) const { return at::relu(input); }
  at::Tensor operator()(const net::LeakyRelu& layer) const { return at::leaky_relu(input, layer.slope); }
  at::Tensor operator()(const net::Tanh&) const { return at::tanh(input); }
  at::Tensor operator()(const net::Sigmoid&) const { return at::sigmoid(input); }
  at::Tensor operator()(const net::Gelu&) const { return at::gelu(input, "none"); }
  at::Tensor operator()(const net::Flatten&) const { return as_rows(input); }
  at::Tensor operator()(const net::Dense&) const { return at::linear(as_rows(input), own.weight, own.bias); }
  at::Tensor operator()(const net::Patches& patches) const {
    return pass.run(node.layers, squares_of(as_planes(input), patches.size)).reshape({input.size(0), -1});
  }
  at::Tensor operator()(const net::Residual&) const {
    const at::Tensor inside = pass.run(node.layers, input), beside = pass.run(node.projection, input);
    if (inside.dim() == beside.dim()) return at::add(inside, beside);
    return at::add(as_rows(inside), as_rows(beside));
  }
};

at::Tensor Pass::run(const std::vector<net::Node>& nodes, at::Tensor values) const {
  for (const net::Node& node : nodes) {
    values = std::visit(Apply{*this, node, values, tensors[node.number]},
                        static_cast<const net::LayerKind&>(node.layer));
  }
  return values;
}

}  // namespace

at::Tensor forward(const std::vector<net::Node>& nodes, std::span<const NodeTensors> tensors,
                   const at::Tensor& images, const RandomKeys* training) {
  return as_rows(Pass{tensors, training}.run(nodes, images));
}

}  // namespace titrate::engine_torch
