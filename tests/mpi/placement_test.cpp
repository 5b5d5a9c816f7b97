#include "titrate/comm/placement.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "mpi_main.hpp"
#include "titrate/comm/agreement.hpp"
#include "titrate/core/host.hpp"
#include "titrate/core/parallel.hpp"

namespace titrate::comm {
namespace {

TEST(Placement, KnowsEveryRankOnEveryRank) {
  const std::vector<Placement> ranks = place_ranks(session(), DeviceKind::cpu);
  ASSERT_EQ(ranks.size(), static_cast<std::size_t>(session().world_size()));
  for (int i = 0; i < session().world_size(); ++i) {
    const Placement& rank = ranks[static_cast<std::size_t>(i)];
    EXPECT_EQ(rank.world_rank, i);
    EXPECT_EQ(rank.node, 0);
    EXPECT_EQ(rank.node_rank, i);
    EXPECT_EQ(rank.host, host_name());
    EXPECT_EQ(rank.device.kind, DeviceKind::cpu);
    EXPECT_EQ(rank.sharing, 0);
    EXPECT_EQ(rank.threads, usable_processors());
  }
  const std::string table = placement_table(ranks, {}, 100);
  EXPECT_EQ(session().world().broadcast(table, 0), table);
}

TEST(Placement, RefusesGpusThatAreNotThereOnAllRanks) {
  if (visible_gpus() > 0) GTEST_SKIP() << "skipped: there is a GPU";
  try {
    place_ranks(session(), DeviceKind::cuda);
    FAIL() << "a GPU was found";
  } catch (const AgreedError& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_EQ(error.ranks(), session().world_size());
  }
}

std::vector<Fact> facts_by(const std::map<std::string, std::string>& variables) {
  const Placement own =
      place_ranks(session(), DeviceKind::cpu)[static_cast<std::size_t>(session().world_rank())];
  return facts_of(session(), own, [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
  });
}

TEST(Facts, OfSlurmAreThoseOfItsStep) {
  const std::vector<Fact> facts = facts_by({{"SLURM_STEP_NUM_TASKS", "9"},
                                            {"SLURM_PROCID", "8"},
                                            {"SLURM_LOCALID", "7"},
                                            {"SLURMD_NODENAME", "node3"},
                                            {"SLURM_CPUS_PER_TASK", "6"},
                                            {"SLURM_STEP_GPUS", "0,1"},
                                            {"PMIX_RANK", "8"}});
  ASSERT_EQ(facts.size(), 5U);  // no GPUs on a CPU
  using Others = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(facts[0].used, std::to_string(session().world_rank()));
  EXPECT_EQ(facts[0].others, (Others{{"Slurm", "8"}, {"PMIx", "8"}}));
  EXPECT_EQ(facts[1].others, (Others{{"Slurm", "9"}}));
  EXPECT_EQ(facts[2].others, (Others{{"Slurm", "7"}}));
  EXPECT_EQ(facts[3].others, (Others{{"Slurm", "node3"}}));
  EXPECT_EQ(facts[4].others, (Others{{"Slurm", "6"}}));
}

// Slurm's variables are those of the batch script, or of the step that mpirun started its daemons in.
TEST(Facts, OfSlurmAreNotBelievedUnderMpirun) {
  const std::vector<Fact> facts = facts_by({{"OMPI_COMM_WORLD_SIZE", "4"},
                                            {"OMPI_COMM_WORLD_RANK", "3"},
                                            {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                                            {"SLURM_STEP_NUM_TASKS", "2"},
                                            {"SLURM_PROCID", "0"},
                                            {"SLURM_LOCALID", "0"},
                                            {"SLURM_CPUS_PER_TASK", "6"}});
  using Others = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(facts[0].others, (Others{{"Open MPI", "3"}}));
  EXPECT_EQ(facts[1].others, (Others{{"Open MPI", "4"}}));
  EXPECT_EQ(facts[2].others, (Others{{"Open MPI", "1"}}));
  EXPECT_EQ(facts[4].others, Others{});
}

TEST(Facts, AgreeWithTheLauncherOfThisTest) {
  const Placement own =
      place_ranks(session(), DeviceKind::cpu)[static_cast<std::size_t>(session().world_rank())];
  const std::string line = describe_sources(session(), own, get_environment);
  EXPECT_EQ(line.find(", but "), std::string::npos) << line;
  const bool mpirun = launcher_name(get_environment) == "mpirun (Open MPI)";
  EXPECT_EQ(
      line,
      mpirun
          ? "world rank, world size, node rank from MPI (Open MPI, PMIx agree); host, processors from Linux"
          : "world rank, world size, node rank from MPI; host, processors from Linux");
}

TEST(Facts, ThatDifferAreToldWithTheirRanks) {
  const Placement own =
      place_ranks(session(), DeviceKind::cpu)[static_cast<std::size_t>(session().world_rank())];
  const std::string line = describe_sources(session(), own, [](const char* name) {
    return std::string(name).starts_with("OMPI_COMM_WORLD_") ? std::optional<std::string>("0") : std::nullopt;
  });
  const std::string size = std::to_string(session().world_size());
  const std::string common = "from MPI (Open MPI agrees); host, processors from Linux; world size is " +
                             size + " by MPI, but 0 by Open MPI";
  if (session().world_size() == 1) {
    EXPECT_EQ(line, "world rank, world size, node rank " + common);
  } else {
    EXPECT_TRUE(line.starts_with("rank 0: world rank, world size, node rank " + common + "\nrank 1: "))
        << line;
    EXPECT_NE(line.find("world rank is 1 by MPI, but 0 by Open MPI"), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace titrate::comm
