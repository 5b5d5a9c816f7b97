// A network's layers as LibTorch calls.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "titrate/net/network.hpp"

namespace titrate::engine_torch {

// Dropout masks belong to (seed, layer, sample, epoch), never to a rank or a batch.
struct DropoutKeys {
  std::span<const std::uint64_t> sample_ids;  // of the dataset, by row
  std::span<const std::uint32_t> rows;        // of the batch
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;
};

// images: N x C x H x W on the parameters' device; parameters: one tensor per tensor of
// net::parameter_layout. Returns the logits, N x classes. Without `dropout` the network is evaluated, not
// trained.
at::Tensor forward(const net::Network& network, std::span<const at::Tensor> parameters,
                   const at::Tensor& images, const DropoutKeys* dropout);

}  // namespace titrate::engine_torch
