// The random numbers of layers, drawn on the host.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

namespace titrate::engine_torch {

// They belong to (seed, layer, sample, epoch), never to a rank or a batch.
struct RandomKeys {
  std::span<const std::uint64_t> sample_ids{};  // of the dataset, by row
  std::span<const std::uint32_t> rows{};        // of the batch
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;
};

// One number for each of `values` values of each row, 16 random bits each: images x values, in host memory.
// `layer` is Node::number. Where a layer runs on several squares of an image, `values` counts them all, and
// their numbers follow one another.
at::Tensor dropout_mask(double rate, std::size_t layer, std::int64_t values,
                        const RandomKeys& keys);  // 0 or 1 / (1 - rate)
at::Tensor normal_numbers(std::size_t layer, std::int64_t values, const RandomKeys& keys);

}  // namespace titrate::engine_torch
