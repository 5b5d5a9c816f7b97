#include "titrate/comm/placement.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace titrate::comm {
namespace {

GetEnvironment environment(std::map<std::string, std::string> variables) {
  return [variables](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
}

// Two nodes of four ranks on two GPUs each.
std::vector<Placement> eight_ranks() {
  std::vector<Placement> ranks;
  for (int i = 0; i < 8; ++i) {
    const int gpu = i % 2;
    ranks.push_back({.world_rank = i,
                     .node = i / 4,
                     .node_rank = i % 4,
                     .host = i < 4 ? "left" : "right",
                     .device = {.kind = DeviceKind::cuda,
                                .index = gpu,
                                .name = "H200",
                                .pci_id = gpu == 0 ? "0000:01:00.0" : "0000:02:00.0"},
                     .threads = 2});
  }
  return ranks;
}

TEST(Launcher, IsTheOneThatStartedThisProcess) {
  EXPECT_EQ(launcher_name(environment({})), "none");
  EXPECT_EQ(launched_rank(environment({})), 0);
  EXPECT_EQ(launched_rank(environment({{"SLURM_PROCID", "0"}, {"OMPI_COMM_WORLD_RANK", "3"}})), 3);
  EXPECT_EQ(launcher_name(environment({{"SLURM_PROCID", "0"}})), "none");  // in a batch script
  EXPECT_EQ(launcher_name(environment({{"SLURM_STEP_NUM_TASKS", "4"}})), "srun (Slurm)");
  EXPECT_EQ(launcher_name(environment({{"SLURM_STEP_NUM_TASKS", "1"}, {"OMPI_COMM_WORLD_SIZE", "8"}})),
            "mpirun (Open MPI)");
  EXPECT_EQ(launcher_name(environment({{"PMI_SIZE", "2"}})), "mpiexec (PMI)");
}

TEST(Facts, NameWhoAgreesAndWhoDoesNot) {
  const std::vector<Fact> facts{
      {.name = "world rank", .used = "3", .from = "MPI", .others = {{"Slurm", "3"}, {"PMIx", "3"}}},
      {.name = "node rank", .used = "1", .from = "MPI", .others = {{"Slurm", "2"}}},
      {.name = "host", .used = "left.cluster", .from = "Linux", .others = {{"Slurm", "left"}}},
      {.name = "processors", .used = "4", .from = "Linux"}};
  EXPECT_EQ(describe_facts(facts),
            "world rank, node rank from MPI (Slurm, PMIx agree); host, processors from Linux (Slurm agrees); "
            "node rank is 1 by MPI, but 2 by Slurm");
}

TEST(Facts, TakeNoHostForAnotherThatBeginsAlike) {
  const std::vector<Fact> facts{
      {.name = "host", .used = "left1", .from = "Linux", .others = {{"Slurm", "left"}}}};
  EXPECT_EQ(describe_facts(facts), "host from Linux; host is left1 by Linux, but left by Slurm");
}

TEST(Sharing, CountsRanksOfOneNodeOnOneGpu) {
  std::vector<Placement> ranks = eight_ranks();
  EXPECT_EQ(sharing_of(ranks), (std::vector<int>{0, 0, 1, 1, 0, 0, 1, 1}));
  ranks[1].node_rank = 3;  // the order is that of the node, not of the world
  ranks[3].node_rank = 1;
  EXPECT_EQ(sharing_of(ranks), (std::vector<int>{0, 1, 1, 0, 0, 0, 1, 1}));
  for (Placement& rank : ranks) rank.device = {.kind = DeviceKind::cpu, .name = "cpu"};
  EXPECT_EQ(sharing_of(ranks), std::vector<int>(8, 0));
}

TEST(PlacementTable, HasALineForEachRank) {
  std::vector<Placement> ranks = eight_ranks();
  ranks.resize(2);
  ranks[0].host = "a";
  EXPECT_EQ(placement_table(ranks, std::vector<int>{0, -1}, 2),
            "rank  host  device       PCI id        processors  group\n"
            "0     a     cuda:0 H200  0000:01:00.0  2           0\n"
            "1     left  cuda:1 H200  0000:02:00.0  2           -\n");
  for (Placement& rank : ranks) rank.device = {.kind = DeviceKind::cpu, .name = "cpu"};
  EXPECT_EQ(placement_table(ranks, {}, 2),
            "rank  host  device  processors\n"
            "0     a     cpu     2\n"
            "1     left  cpu     2\n");
}

TEST(PlacementTable, PutsAlikeRanksOfANodeOnALine) {
  std::vector<Placement> ranks = eight_ranks();
  EXPECT_EQ(placement_table(ranks, std::vector<int>{0, 0, 1, 1, 2, 3, 4, -1}, 7),
            "rank  host   device         PCI id        processors  group\n"
            "0-3   left   cuda:0-1 H200  2 GPUs        2           0-1\n"
            "4-6   right  cuda:0-1 H200  2 GPUs        2           2-4\n"
            "7     right  cuda:1 H200    0000:02:00.0  2           -\n");
  ranks[1].threads = 1;
  EXPECT_EQ(placement_table(ranks, {}, 7),
            "rank  host   device         PCI id        processors\n"
            "0     left   cuda:0 H200    0000:01:00.0  2\n"
            "1     left   cuda:1 H200    0000:02:00.0  1\n"
            "2-3   left   cuda:0-1 H200  2 GPUs        2\n"
            "4-7   right  cuda:0-1 H200  2 GPUs        2\n");
}

TEST(Ranks, AreCalledByTheirRanges) {
  EXPECT_EQ(name_ranks(std::vector<int>{4}), "rank 4");
  EXPECT_EQ(name_ranks(std::vector<int>{4, 6}), "ranks 4,6");
}

}  // namespace
}  // namespace titrate::comm
