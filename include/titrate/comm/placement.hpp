// Where each rank sits: its host, its device, its processors, and who says so.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
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

// One fact about this rank as each of those who know says it; empty where one says nothing.
struct Fact {
  std::string name{};  // "world rank", "world size", "node rank", "host", "processors", "GPUs"
  std::string used{};  // what titrate goes by
  std::string from{};  // who said it: "MPI", "Slurm", "Open MPI", "Linux", "CUDA"
  std::vector<std::pair<std::string, std::string>> others{};  // who else said what: {"Slurm", "3"}
};

// By an environment, which `get` reads (std::getenv; a table in tests).
using GetEnvironment = std::function<std::optional<std::string>(const char* name)>;
std::optional<std::string> get_environment(const char* name);

// "mpirun (Open MPI)", "srun (Slurm)" or "none".
std::string launcher_name(const GetEnvironment& get);

std::vector<Fact> facts_of(const Session& session, const Placement& placement, const GetEnvironment& get);

// Collective over the world: all ranks' placements, by world rank, on every rank. Where the device that was
// asked for is not there, all throw AgreedError (usage).
std::vector<Placement> place_ranks(const Session& session, DeviceKind requested);

// One line per rank: rank, host, device, PCI id, processors, group (`group_of`, by rank; -1: none; empty: no
// such column). Beyond `most_lines` ranks, runs of alike ranks of a node share a line.
std::string placement_table(std::span<const Placement> ranks, std::span<const int> group_of,
                            std::size_t most_lines);

}  // namespace titrate::comm
