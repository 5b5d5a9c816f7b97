#include "titrate/comm/tree.hpp"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

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

void TreeAccumulator::push(std::span<const float> part) {
  check_length(count_, part.size());
  if (levels_.empty()) levels_.emplace_back(count_);
  if ((parts_ & 1U) == 0) {
    std::copy(part.begin(), part.end(), levels_[0].begin());
  } else {
    add(levels_[0], part);
    // As a binary counter carries: two full subtrees of one size become one of the next.
    std::size_t level = 0;
    for (; (parts_ >> (level + 1) & 1U) != 0; ++level) add(levels_[level + 1], levels_[level]);
    if (levels_.size() == level + 1) levels_.emplace_back(count_);
    std::swap(levels_[level], levels_[level + 1]);
  }
  ++parts_;
}

void TreeAccumulator::finish(std::span<float> part) {
  check_length(count_, part.size());
  for (std::size_t level = 0; level < levels_.size(); ++level) {
    if ((parts_ >> level & 1U) != 0) add(part, levels_[level]);
  }
  parts_ = 0;
}

}  // namespace titrate::comm
