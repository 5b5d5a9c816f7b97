// The layout of wide groups: on ranks of one node, each on a device of its own, or on whole nodes.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "titrate/dispatch/plan.hpp"

namespace titrate::dispatch {

// Hands out ranks, each once. Ask for the widest groups first: then narrow ones fill what is left between
// them.
class GroupLayout {
 public:
  explicit GroupLayout(std::span<const NodeRanks> nodes);

  // World ranks of a group of this width, a power of two, in the order of nodes. Within a node: consecutive
  // ranks from a multiple of the width on, not more than there are devices. Wider than any free node: whole
  // nodes with a device for each rank, whose ranks are exactly so many. Nothing where there is no such place.
  std::optional<std::vector<int>> take(int width);

  // The widest that take() can give while nothing is taken; 1 where there is no group.
  int widest() const;

 private:
  std::optional<std::vector<int>> within_a_node(int width);
  std::optional<std::vector<int>> over_whole_nodes(int width);

  std::span<const NodeRanks> nodes_;
  std::vector<std::vector<bool>> taken_{};  // by node, then by place in it
};

}  // namespace titrate::dispatch
