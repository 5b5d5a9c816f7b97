// Placement: each rank's host, device and processors, and the sources of these facts.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "titrate/comm/device.hpp"
#include "titrate/comm/session.hpp"

namespace titrate::comm {

struct Placement {
  int world_rank = 0;
  int node = 0;       // from 0, in the order of their lowest world ranks
  int node_rank = 0;  // among the ranks that share memory
  std::string host{};
  Device device{};
  int sharing = 0;       // which of the ranks on its device this is, from 0; 0 on a CPU
  unsigned threads = 1;  // processors that the rank may run on
};

// A fact about this rank, with the value that each source gives.
struct Fact {
  std::string name{};  // "world rank", "world size", "node rank", "host", "processors", "GPUs"
  std::string used{};  // the value that titrate uses
  std::string from{};  // its source: "MPI", "Slurm", "Open MPI", "Linux", "CUDA"
  std::vector<std::pair<std::string, std::string>>
      others{};  // other sources and their values: {"Slurm", "3"}
};

// Reads an environment variable (std::getenv; a table in tests).
using GetEnvironment = std::function<std::optional<std::string>(const char* name)>;
std::optional<std::string> get_environment(const char* name);

// "mpirun (Open MPI)", "srun (Slurm)", "mpiexec (PMI)" for another library's, or "none".
std::string launcher_name(const GetEnvironment& get);

// The rank that the launcher gave this process, for use while MPI does not run; 0 without a launcher.
int launched_rank(const GetEnvironment& get);

// Asks only the launcher that started this process: mpirun inside a Slurm job also sees SLURM_PROCID, which
// is another process's. Leaves out "GPUs" without a GPU.
std::vector<Fact> facts_of(const Session& session, const Placement& placement, const GetEnvironment& get);

// One line: "world rank, world size from MPI (Open MPI agrees); host from Linux". A disagreement is named
// with both values.
std::string describe_facts(std::span<const Fact> facts);

// Collective over the world: describe_facts() of this rank, whose placement is given. Where ranks differ, one
// line for each distinct text, which begins with their ranks. The same on every rank.
std::string describe_sources(const Session& session, const Placement& placement, const GetEnvironment& get);

// Collective over the world: all ranks' placements, by world rank, on every rank. Where the device that was
// asked for is not there, all throw AgreedError (usage).
std::vector<Placement> place_ranks(const Session& session, DeviceKind requested);

// Placement::sharing of each rank, from node, node rank and PCI id.
std::vector<int> sharing_of(std::span<const Placement> ranks);

// The most ranks that a table for the terminal shows one by one.
inline constexpr std::size_t kMostRankLines = 32;

// One line per rank: rank, host, device, PCI id, processors, group (`group_of`, by rank; -1: none; empty: no
// such column). Beyond `most_lines` ranks, runs of alike ranks of a node share a line.
std::string placement_table(std::span<const Placement> ranks, std::span<const int> group_of,
                            std::size_t most_lines);

// "rank 3", "ranks 0-3,7".
std::string name_ranks(std::span<const int> ranks);

}  // namespace titrate::comm
