#include "group_layout.hpp"

#include <algorithm>
#include <bit>
#include <iterator>

#include "titrate/comm/rank.hpp"

namespace titrate::dispatch {

GroupLayout::GroupLayout(std::span<const NodeRanks> nodes) : nodes_(nodes) {
  for (const NodeRanks& node : nodes) taken_.emplace_back(node.ranks.size(), false);
}

std::optional<std::vector<int>> GroupLayout::take(int width) {
  if (auto ranks = within_a_node(width)) return ranks;
  return over_whole_nodes(width);
}

std::optional<std::vector<int>> GroupLayout::within_a_node(int width) {
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    if (width > nodes_[n].devices) continue;
    const std::vector<int>& ranks = nodes_[n].ranks;
    // Behind the first rank of each device come others that share one.
    const auto end = taken_[n].begin() + std::min<std::ptrdiff_t>(nodes_[n].devices, std::ssize(taken_[n]));
    for (auto first = taken_[n].begin(); end - first >= width; first += width) {
      if (std::find(first, first + width, true) != first + width) continue;
      std::fill_n(first, width, true);
      const auto place = ranks.begin() + (first - taken_[n].begin());
      return std::vector<int>(place, place + width);
    }
  }
  return std::nullopt;
}

std::optional<std::vector<int>> GroupLayout::over_whole_nodes(int width) {
  std::vector<std::size_t> whole;
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    const bool is_free = std::find(taken_[n].begin(), taken_[n].end(), true) == taken_[n].end();
    if (is_free && nodes_[n].devices >= comm::ranks_in(taken_[n])) whole.push_back(n);
  }
  // The largest first: powers of two then fill any larger one.
  std::stable_sort(whole.begin(), whole.end(),
                   [&](std::size_t a, std::size_t b) { return taken_[a].size() > taken_[b].size(); });
  std::vector<std::size_t> chosen;
  std::vector<int> group;
  for (const std::size_t n : whole) {
    if (comm::ranks_in(group) + comm::ranks_in(taken_[n]) > width) continue;
    group.insert(group.end(), nodes_[n].ranks.begin(), nodes_[n].ranks.end());
    chosen.push_back(n);
  }
  if (comm::ranks_in(group) != width) return std::nullopt;
  for (const std::size_t n : chosen) taken_[n].assign(taken_[n].size(), true);
  return group;
}

int GroupLayout::widest() const {
  std::size_t ranks = 0;
  for (const NodeRanks& node : nodes_) ranks += node.ranks.size();
  for (auto width = static_cast<int>(std::bit_floor(ranks)); width > 1; width /= 2) {
    if (GroupLayout(nodes_).take(width)) return width;
  }
  return 1;
}

}  // namespace titrate::dispatch
