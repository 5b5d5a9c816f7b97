// In which order rows are seen, and how a batch is cut for the ranks of a group. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace titrate::data {

// `rows` in the order of one epoch: a Philox permutation keyed by (seed, epoch).
std::vector<std::uint32_t> epoch_order(std::span<const std::uint32_t> rows, std::uint64_t seed,
                                       std::uint32_t epoch);

// Global batches per epoch. The last one may be smaller; with fewer than `least` images it is left out of its
// epoch, as PyTorch's drop_last does.
std::uint64_t batches_per_epoch(std::uint64_t rows, std::uint32_t batch_size, std::uint32_t least = 1);

// Rows that the first `steps` batches of a training hold, each as often as it is seen. `batches` per epoch,
// as batches_per_epoch() gives them.
std::uint64_t images_seen(std::uint64_t steps, std::uint64_t rows, std::uint32_t batch_size,
                          std::uint64_t batches);

// Part `index` of `parts` of a list: consecutive, sizes differ by at most one; empty parts are possible.
std::span<const std::uint32_t> part_of(std::span<const std::uint32_t> batch, std::size_t parts,
                                       std::size_t index);

}  // namespace titrate::data
