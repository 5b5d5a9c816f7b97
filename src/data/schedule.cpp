#include "titrate/data/schedule.hpp"

#include "titrate/core/random.hpp"

namespace titrate::data {

std::vector<std::uint32_t> epoch_order(std::span<const std::uint32_t> rows, std::uint64_t seed,
                                       std::uint32_t epoch) {
  std::vector<std::uint32_t> order =
      permutation(static_cast<std::uint32_t>(rows.size()), RandomStream(seed, Purpose::order, 0, epoch));
  for (std::uint32_t& position : order) position = rows[position];
  return order;
}

std::uint64_t batches_per_epoch(std::uint64_t rows, std::uint32_t batch_size) {
  return (rows + batch_size - 1) / batch_size;
}

std::span<const std::uint32_t> part_of(std::span<const std::uint32_t> batch, std::size_t parts,
                                       std::size_t index) {
  const std::size_t begin = batch.size() * index / parts, end = batch.size() * (index + 1) / parts;
  return batch.subspan(begin, end - begin);
}

}  // namespace titrate::data
