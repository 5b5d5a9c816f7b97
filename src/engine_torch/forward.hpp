// A network's layers as LibTorch calls.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "random_layers.hpp"
#include "titrate/net/network.hpp"

namespace titrate::engine_torch {

// What one node computes with; undefined where it has no such tensor.
struct NodeTensors {
  at::Tensor weight{}, bias{};                    // of batch_norm: scale and shift
  at::Tensor running_mean{}, running_variance{};  // used in evaluation
  at::Tensor batch_mean{}, batch_variance{};      // overwritten in training (the variance is unbiased)
};

// images: N x C x H x W on the tensors' device; tensors: by Node::number. Returns the logits, N x classes.
// Without `training` the network is evaluated.
at::Tensor forward(const std::vector<net::Node>& nodes, std::span<const NodeTensors> tensors,
                   const at::Tensor& images, const RandomKeys* training);

}  // namespace titrate::engine_torch
