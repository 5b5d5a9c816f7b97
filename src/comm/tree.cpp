#include "tree.hpp"

#include <algorithm>
#include <bit>
#include <string>
#include <vector>

#include "titrate/core/error.hpp"

namespace titrate::comm {
namespace {

void check_length(std::size_t expected, std::size_t got) {
  if (expected == got) return;
  throw Error({.code = ErrorCode::internal,
               .where = "tree sum",
               .what = "a part has another length than the others",
               .expected = std::to_string(expected),
               .got = std::to_string(got)});
}

}  // namespace

void add(std::span<float> sum, std::span<const float> other) {
  check_length(sum.size(), other.size());
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += other[i];
}

void tree_sum(std::span<const std::span<const float>> parts, std::span<float> out) {
  if (parts.empty()) {
    std::fill(out.begin(), out.end(), 0.0F);
    return;
  }
  if (parts.size() == 1) {
    check_length(out.size(), parts[0].size());
    std::copy(parts[0].begin(), parts[0].end(), out.begin());
    return;
  }
  const std::size_t left = std::bit_floor(parts.size() - 1);
  tree_sum(parts.first(left), out);
  std::vector<float> right(out.size());
  tree_sum(parts.subspan(left), right);
  add(out, right);
}

}  // namespace titrate::comm
