#include "titrate/dispatch/work_group.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "titrate/comm/agreement.hpp"
#include "titrate/comm/mpi_exchange.hpp"
#include "titrate/comm/nccl_exchange.hpp"
#include "titrate/comm/rank.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate::dispatch {
namespace {

// The ranks of a group must all have GPUs or all have none, since they share one exchange.
void check_devices(const comm::Communicator& group, const comm::Device& device) {
  const std::vector<std::string> kinds = group.all_gather(choice_name(device.kind));
  if (std::adjacent_find(kinds.begin(), kinds.end(), std::not_equal_to<>()) == kinds.end()) return;
  throw Error({.code = ErrorCode::usage,
               .where = "--width",
               .what = "the ranks of a group have different kinds of device: " + join(kinds, ", "),
               .hint = "give --device cpu, or start the same number of ranks on nodes of one kind"});
}

// The colour and key of MPI_Comm_split: the rank's group and its place there. A rank alone has its own
// colour.
std::pair<int, int> place_in(const Plan& plan, int rank) {
  for (std::size_t group = 0; group < plan.groups.size(); ++group) {
    const std::vector<int>& ranks = plan.groups[group];
    const auto found = std::find(ranks.begin(), ranks.end(), rank);
    if (found != ranks.end()) return {static_cast<int>(group), static_cast<int>(found - ranks.begin())};
  }
  return {comm::ranks_in(plan.groups) + rank, 0};
}

}  // namespace

std::optional<WorkGroup> form_group(const comm::Communicator& world, const Plan& plan,
                                    const comm::Device& device, double timeout_seconds) {
  if (plan.groups.empty()) return std::nullopt;
  const auto [colour, key] = place_in(plan, world.rank());
  WorkGroup group{.device = device, .communicator = world.split(colour, key)};
  const comm::Communicator& ranks = *group.communicator;
  const bool is_wide = ranks.size() > 1;
  comm::together(world, [&] {
    if (is_wide) check_devices(ranks, device);
  });
  comm::together(world, [&] {
    if (!is_wide) return;
    if (device.kind == comm::DeviceKind::cuda) {
      comm::NcclExchanges exchanges =
          comm::make_nccl_exchanges(ranks, device, {.timeout_seconds = timeout_seconds});
      group.fast = std::move(exchanges.fast);
      group.tree = std::move(exchanges.tree);
    } else {
      group.fast = std::make_unique<comm::MpiExchange>(ranks);
    }
  });
  if (!is_wide) return std::nullopt;
  return group;
}

void check_numerics(const WorkGroup& group, const std::string& numerics) {
  const std::vector<std::string> classes = group.communicator->all_gather(numerics);
  if (std::adjacent_find(classes.begin(), classes.end(), std::not_equal_to<>()) == classes.end()) return;
  throw Error({.code = ErrorCode::usage,
               .where = "--width",
               .what = "the ranks of a group compute unlike each other: " + join(classes, ", "),
               .hint = "start the ranks of a group on nodes of one kind, or set ATEN_CPU_CAPABILITY to what "
                       "all of them have"});
}

void share_groups(Plan& plan, const comm::Communicator& world) {
  std::vector<std::string> groups;
  for (const std::vector<int>& ranks : plan.groups) {
    std::vector<std::string> numbers;
    for (const int rank : ranks) numbers.push_back(std::to_string(rank));
    groups.push_back(join(numbers, " "));
  }
  const std::string text = world.broadcast(join(groups, ","), 0);
  plan.groups.clear();
  for (const std::string& group : split(text, ',')) {
    std::vector<int>& ranks = plan.groups.emplace_back();
    for (const std::string& number : split(group, ' '))
      ranks.push_back(static_cast<int>(parse_integer(number).value()));
  }
}

std::vector<NodeRanks> working_nodes(std::span<const comm::Placement> ranks, int most_per_gpu) {
  std::map<int, std::vector<comm::Placement>> of_node;
  for (const comm::Placement& rank : ranks) {
    const bool has_gpu = rank.device.kind == comm::DeviceKind::cuda;
    if (!has_gpu || rank.sharing < most_per_gpu) of_node[rank.node].push_back(rank);
  }
  std::vector<NodeRanks> nodes;
  for (auto& [number, members] : of_node) {
    std::sort(members.begin(), members.end(), [](const comm::Placement& a, const comm::Placement& b) {
      return std::pair(a.sharing, a.node_rank) < std::pair(b.sharing, b.node_rank);
    });
    NodeRanks node;
    std::set<std::string> gpus;
    for (const comm::Placement& rank : members) {
      node.ranks.push_back(rank.world_rank);
      if (rank.device.kind == comm::DeviceKind::cuda) gpus.insert(rank.device.pci_id);
    }
    node.devices = static_cast<int>(gpus.empty() ? members.size() : gpus.size());
    nodes.push_back(std::move(node));
  }
  return nodes;
}

}  // namespace titrate::dispatch
