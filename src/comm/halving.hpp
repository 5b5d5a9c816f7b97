// Recursive halving and doubling: the fixed tree of tree.hpp over a power of two of ranks. MPI's exchange and
// NCCL's tree share it, so that their bits are the same.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace titrate::comm {

struct GroupPlace {
  int rank = 0, width = 1;  // the width a power of two
};

// Recursive halving with the nearest ranks first, then doubling back: the first round joins neighbours, the
// second pairs, and so on, so each element is summed in the order of the tree, by one rank, and then copied.
//
// swap(partner, out, in) sends `out` to a rank and takes `in` from it; add(sum, other) adds `other` to `sum`.
// `scratch` holds half of the data, rounded up.
template <class Swap, class Add>
void sum_by_halving(std::span<float> data, std::span<float> scratch, const GroupPlace& place,
                    const Swap& swap, const Add& add) {
  const auto halves = [&](std::span<float> whole, int distance) {
    const std::size_t half = whole.size() / 2;
    const bool is_lower = (place.rank & distance) == 0;
    struct Halves {
      std::span<float> mine, theirs;
    };
    return is_lower ? Halves{whole.first(half), whole.subspan(half)}
                    : Halves{whole.subspan(half), whole.first(half)};
  };
  std::array<std::span<float>, 32> kept{};  // by round: what this rank still sums
  kept[0] = data;
  std::size_t round = 0;
  for (int distance = 1; distance < place.width; distance *= 2, ++round) {
    const auto [mine, theirs] = halves(kept[round], distance);
    const std::span<float> received = scratch.first(mine.size());
    swap(place.rank ^ distance, theirs, received);
    add(mine, received);
    kept[round + 1] = mine;
  }
  for (int distance = place.width / 2; distance > 0; distance /= 2, --round)
    swap(place.rank ^ distance, kept[round], halves(kept[round - 1], distance).theirs);
}

}  // namespace titrate::comm
