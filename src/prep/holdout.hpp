// Holding images out: which of the real training images become test or validation images. Pure; private to
// this module.
//
// Stratified: each class gives its share. Whole groups (families, or single images) go to one side. Groups
// are taken in the order of hash(seed, group), so the side of an image depends on what it is and on where the
// cut lies: adding images moves others only where it moves the cut.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "titrate/shard/format.hpp"

namespace titrate::prep {

struct Candidate {
  std::uint64_t group = 0;  // what stays together
  std::int32_t label = 0;
};

struct Shares {
  double test = 0, validation = 0;
};

// The split of each candidate. A class with n images gives the nearest whole number to share x n, though one
// at least, as far as groups can be fitted to it and one group is left for training; a group of several
// classes counts for the class that most of it has.
std::vector<shard::Split> hold_out(std::span<const Candidate> candidates, const Shares& shares,
                                   std::size_t classes, std::uint64_t seed);

}  // namespace titrate::prep
