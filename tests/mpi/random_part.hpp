// Numbers to sum, and how sums are compared.
#pragma once

#include <cmath>
#include <cstring>
#include <vector>

#include "titrate/core/random.hpp"

namespace titrate::comm {

// Of very different size, so that another order of additions shows.
inline std::vector<float> random_part(std::size_t count, int part) {
  RandomStream stream(7, Purpose::test, static_cast<std::uint64_t>(part));
  std::vector<float> values(count);
  for (float& value : values) {
    value = static_cast<float>(stream.uniform(-1.0, 1.0) * std::exp2(static_cast<double>(stream.below(20))));
  }
  return values;
}

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

}  // namespace titrate::comm
