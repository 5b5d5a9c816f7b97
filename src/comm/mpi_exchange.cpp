#include "titrate/comm/mpi_exchange.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <span>

#include "mpi_handle.hpp"
#include "titrate/comm/tree.hpp"

namespace titrate::comm {
namespace {

constexpr int kTag = 0;
constexpr std::size_t kSliceFloats = std::size_t{1} << 28;  // so that MPI can count a slice's bytes in an int

int length(std::span<const float> values) { return static_cast<int>(values.size()); }

void swap_with(int partner, std::span<const float> out, std::span<float> in, MPI_Comm communicator) {
  check_mpi(MPI_Sendrecv(out.data(), length(out), MPI_FLOAT, partner, kTag, in.data(), length(in), MPI_FLOAT,
                         partner, kTag, communicator, MPI_STATUS_IGNORE),
            "MPI_Sendrecv");
}

// Recursive halving with the nearest ranks first, then doubling back: the first round joins neighbours, the
// second pairs, and so on, so each element is summed in the order of the tree, by one rank, and then copied.
void sum_by_halving(std::span<float> data, std::span<float> scratch, const Communicator::Handle& group) {
  std::array<std::span<float>, 32> kept{};  // by round: what this rank still sums
  kept[0] = data;
  int round = 0;
  for (int distance = 1; distance < group.size; distance *= 2, ++round) {
    const std::span<float> whole = kept[round];
    const std::size_t half = whole.size() / 2;
    const bool is_lower = (group.rank & distance) == 0;
    const std::span<float> mine = is_lower ? whole.first(half) : whole.subspan(half);
    const std::span<float> theirs = is_lower ? whole.subspan(half) : whole.first(half);
    const std::span<float> received = scratch.first(mine.size());
    swap_with(group.rank ^ distance, theirs, received, group.communicator);
    add(mine, received);
    kept[round + 1] = mine;
  }
  for (int distance = group.size / 2; distance > 0; distance /= 2, --round) {
    const std::span<float> whole = kept[round - 1];
    const std::size_t half = whole.size() / 2;
    const bool is_lower = (group.rank & distance) == 0;
    swap_with(group.rank ^ distance, kept[round], is_lower ? whole.subspan(half) : whole.first(half),
              group.communicator);
  }
}

// Along the tree to rank 0, and from there to all.
void sum_to_first(std::span<float> data, std::span<float> scratch, const Communicator::Handle& group) {
  for (int distance = 1; distance < group.size; distance *= 2) {
    if ((group.rank & distance) != 0) {
      check_mpi(
          MPI_Send(data.data(), length(data), MPI_FLOAT, group.rank - distance, kTag, group.communicator),
          "MPI_Send");
      break;
    }
    if (group.rank + distance >= group.size) continue;
    const std::span<float> received = scratch.first(data.size());
    check_mpi(MPI_Recv(received.data(), length(received), MPI_FLOAT, group.rank + distance, kTag,
                       group.communicator, MPI_STATUS_IGNORE),
              "MPI_Recv");
    add(data, received);
  }
  check_mpi(MPI_Bcast(data.data(), length(data), MPI_FLOAT, 0, group.communicator), "MPI_Bcast");
}

}  // namespace

MpiExchange::MpiExchange(const Communicator& group) : group_(group.duplicate()) {}

void MpiExchange::sum(float* data, std::size_t count) {
  if (group_.size() == 1) return;
  scratch_.resize(std::max(scratch_.size(), std::min(count, kSliceFloats)));
  const bool power_of_two = std::has_single_bit(static_cast<unsigned>(group_.size()));
  for (std::size_t begin = 0; begin < count; begin += kSliceFloats) {
    const std::span<float> slice(data + begin, std::min(kSliceFloats, count - begin));
    if (power_of_two) {
      sum_by_halving(slice, scratch_, group_.handle());
    } else {
      sum_to_first(slice, scratch_, group_.handle());
    }
  }
}

}  // namespace titrate::comm
