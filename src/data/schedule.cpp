#include "titrate/data/schedule.hpp"

#include <algorithm>

#include "titrate/core/random.hpp"

namespace titrate::data {

std::vector<std::uint32_t> epoch_order(std::span<const std::uint32_t> rows, std::uint64_t seed,
                                       std::uint32_t epoch) {
  std::vector<std::uint32_t> order =
      permutation(static_cast<std::uint32_t>(rows.size()), RandomStream(seed, Purpose::order, 0, epoch));
  for (std::uint32_t& position : order) position = rows[position];
  return order;
}

std::uint64_t batches_per_epoch(std::uint64_t rows, std::uint32_t batch_size, std::uint32_t least) {
  return rows / batch_size + (rows % batch_size >= std::max(least, 1u) ? 1 : 0);
}

std::uint64_t images_seen(std::uint64_t steps, std::uint64_t rows, std::uint32_t batch_size,
                          std::uint64_t batches) {
  if (batches == 0) return 0;
  const std::uint64_t of_epoch = std::min(rows, batches * batch_size);
  return steps / batches * of_epoch + std::min(steps % batches * batch_size, of_epoch);
}

std::span<const std::uint32_t> part_of(std::span<const std::uint32_t> batch, std::size_t parts,
                                       std::size_t index) {
  const std::size_t begin = batch.size() * index / parts, end = batch.size() * (index + 1) / parts;
  return batch.subspan(begin, end - begin);
}

}  // namespace titrate::data
