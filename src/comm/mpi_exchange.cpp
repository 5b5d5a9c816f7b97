#include "titrate/comm/mpi_exchange.hpp"

#include <algorithm>
#include <bit>
#include <span>

#include "halving.hpp"
#include "mpi_handle.hpp"
#include "tree.hpp"

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
  const Communicator::Handle& group = group_.handle();
  const auto swap = [&](int partner, std::span<const float> out, std::span<float> in) {
    swap_with(partner, out, in, group.communicator);
  };
  const bool power_of_two = std::has_single_bit(static_cast<unsigned>(group_.size()));
  for (std::size_t begin = 0; begin < count; begin += kSliceFloats) {
    const std::span<float> slice(data + begin, std::min(kSliceFloats, count - begin));
    if (power_of_two) {
      sum_by_halving(slice, scratch_, {group.rank, group.size}, swap, add);
    } else {
      sum_to_first(slice, scratch_, group);
    }
  }
}

}  // namespace titrate::comm
