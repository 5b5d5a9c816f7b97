#include "titrate/dispatch/work_group.hpp"

#include <gtest/gtest.h>

namespace titrate::dispatch {
namespace {

comm::Placement cpu(int world_rank, int node, int node_rank) {
  return {.world_rank = world_rank, .node = node, .node_rank = node_rank};
}

comm::Placement gpu(int world_rank, int node_rank, const std::string& pci_id, int sharing) {
  return {.world_rank = world_rank,
          .node_rank = node_rank,
          .device = {.kind = comm::DeviceKind::cuda, .pci_id = pci_id},
          .sharing = sharing};
}

// mpirun --map-by node deals ranks round the nodes.
TEST(WorkingNodes, RanksOfANodeStandTogetherHoweverTheyWereDealt) {
  const std::vector<comm::Placement> ranks{cpu(0, 0, 0), cpu(1, 1, 0), cpu(2, 0, 1), cpu(3, 1, 1)};
  const std::vector<NodeRanks> nodes = working_nodes(ranks, 1);
  ASSERT_EQ(nodes.size(), 2u);
  EXPECT_EQ(nodes[0].ranks, (std::vector<int>{0, 2}));
  EXPECT_EQ(nodes[1].ranks, (std::vector<int>{1, 3}));
  EXPECT_EQ(nodes[0].devices, 2);
}

TEST(WorkingNodes, OnlySoManyRanksShareAGpu) {
  const std::vector<comm::Placement> ranks{gpu(0, 0, "a", 0), gpu(1, 1, "b", 0), gpu(2, 2, "a", 1),
                                           gpu(3, 3, "b", 1), gpu(4, 4, "a", 2)};
  const std::vector<NodeRanks> two = working_nodes(ranks, 2);
  ASSERT_EQ(two.size(), 1u);
  EXPECT_EQ(two[0].ranks, (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(two[0].devices, 2);
  EXPECT_EQ(working_nodes(ranks, 1)[0].ranks, (std::vector<int>{0, 1}));
  EXPECT_EQ(working_nodes(ranks, 3)[0].ranks.size(), 5u);
}

// As where each rank is given GPUs of its own to see.
TEST(WorkingNodes, TheFirstRanksOfEachGpuStandFirst) {
  const std::vector<comm::Placement> ranks{gpu(0, 0, "a", 0), gpu(1, 1, "a", 1), gpu(2, 2, "b", 0),
                                           gpu(3, 3, "b", 1)};
  EXPECT_EQ(working_nodes(ranks, 2)[0].ranks, (std::vector<int>{0, 2, 1, 3}));
}

}  // namespace
}  // namespace titrate::dispatch
