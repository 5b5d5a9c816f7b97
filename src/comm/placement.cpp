#include "titrate/comm/placement.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "titrate/comm/agreement.hpp"
#include "titrate/comm/rank.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/host.hpp"
#include "titrate/core/parallel.hpp"
#include "titrate/core/text.hpp"

namespace titrate::comm {
namespace {

constexpr std::string_view kSeparator("\0", 1);

// `leader`, the lowest world rank of its node, travels as the node until all are known.
std::string pack(const Placement& rank, const std::string& leader) {
  const std::vector<std::string> fields{leader,
                                        std::to_string(rank.node_rank),
                                        rank.host,
                                        choice_name(rank.device.kind),
                                        std::to_string(rank.device.index),
                                        rank.device.name,
                                        rank.device.pci_id,
                                        std::to_string(rank.threads)};
  return join(fields, kSeparator);
}

Placement unpack(const std::string& text, int world_rank) {
  const std::vector<std::string> fields = split(text, kSeparator[0]);
  return {.world_rank = world_rank,
          .node = std::stoi(fields.at(0)),
          .node_rank = std::stoi(fields.at(1)),
          .host = fields.at(2),
          .device = {.kind = parse_choice<DeviceKind>(fields.at(3), "placement"),
                     .index = std::stoi(fields.at(4)),
                     .name = fields.at(5),
                     .pci_id = fields.at(6)},
          .threads = static_cast<unsigned>(std::stoul(fields.at(7)))};
}

// From the nodes' leaders to 0, 1, ...
void number_nodes(std::vector<Placement>& ranks) {
  std::map<int, int> node_of;
  for (const Placement& rank : ranks) node_of.emplace(rank.node, 0);
  int next = 0;
  for (auto& [leader, node] : node_of) node = next++;
  for (Placement& rank : ranks) rank.node = node_of.at(rank.node);
}

using Cells = std::vector<std::string>;  // of one row of a table

bool alike(const Placement& a, const Placement& b) {
  return a.node == b.node && a.device.kind == b.device.kind && a.device.name == b.device.name &&
         a.threads == b.threads;
}

std::string gpu_indices(std::span<const Placement> ranks) {
  std::set<int> indices;
  for (const Placement& rank : ranks) indices.insert(rank.device.index);
  return number_ranges(std::vector<int>(indices.begin(), indices.end()));
}

std::string pci_ids(std::span<const Placement> ranks) {
  std::set<std::string> ids;
  for (const Placement& rank : ranks) ids.insert(rank.device.pci_id);
  return ids.size() == 1 ? *ids.begin() : std::to_string(ids.size()) + " GPUs";
}

// Of ranks that share a line.
std::string group_ranges(std::span<const Placement> ranks, std::span<const int> group_of) {
  std::set<int> groups;
  for (const Placement& rank : ranks) groups.insert(at(group_of, rank.world_rank));
  if (*groups.begin() < 0) return "-";
  return number_ranges(std::vector<int>(groups.begin(), groups.end()));
}

Cells cells_of(std::span<const Placement> ranks, std::span<const int> group_of) {
  std::vector<int> numbers;
  for (const Placement& rank : ranks) numbers.push_back(rank.world_rank);
  const Placement& first = ranks.front();
  const bool gpu = first.device.kind == DeviceKind::cuda;
  Cells cells{number_ranges(numbers), first.host,
              gpu ? "cuda:" + gpu_indices(ranks) + " " + first.device.name : first.device.name,
              gpu ? pci_ids(ranks) : "", std::to_string(first.threads)};
  if (!group_of.empty()) cells.push_back(group_ranges(ranks, group_of));
  return cells;
}

std::string align(const std::vector<Cells>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Cells& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Cells& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

}  // namespace

std::string name_ranks(std::span<const int> ranks) {
  return (ranks.size() == 1 ? "rank " : "ranks ") + number_ranges(ranks);
}

std::vector<int> sharing_of(std::span<const Placement> ranks) {
  std::map<std::tuple<int, std::string, int>, std::size_t> by_gpu;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const Placement& rank = ranks[i];
    if (rank.device.kind == DeviceKind::cuda) by_gpu[{rank.node, rank.device.pci_id, rank.node_rank}] = i;
  }
  std::vector<int> sharing(ranks.size(), 0);
  const Placement* previous = nullptr;
  for (const auto& [key, i] : by_gpu) {
    const bool shared = previous != nullptr && previous->node == ranks[i].node &&
                        previous->device.pci_id == ranks[i].device.pci_id;
    if (shared) sharing[i] = sharing[static_cast<std::size_t>(previous - ranks.data())] + 1;
    previous = &ranks[i];
  }
  return sharing;
}

std::vector<Placement> place_ranks(const Session& session, DeviceKind requested) {
  Placement own{.world_rank = session.world_rank(),
                .node_rank = session.node_rank(),
                .host = host_name(),
                .threads = usable_processors()};
  together(session.world(), [&] { own.device = choose_device(own.node_rank, requested); });
  const std::string leader = session.node().broadcast(std::to_string(own.world_rank), 0);
  std::vector<Placement> ranks;
  for (const std::string& text : session.world().all_gather(pack(own, leader))) {
    ranks.push_back(unpack(text, ranks_in(ranks)));
  }
  number_nodes(ranks);
  const std::vector<int> sharing = sharing_of(ranks);
  for (std::size_t i = 0; i < ranks.size(); ++i) ranks[i].sharing = sharing[i];
  return ranks;
}

std::string placement_table(std::span<const Placement> ranks, std::span<const int> group_of,
                            std::size_t most_lines) {
  const auto grouped = [&](const Placement& rank) {
    return !group_of.empty() && at(group_of, rank.world_rank) >= 0;
  };
  std::vector<Cells> rows{{"rank", "host", "device", "PCI id", "processors"}};
  if (!group_of.empty()) rows[0].push_back("group");
  for (std::size_t i = 0; i < ranks.size();) {
    std::size_t end = i + 1;
    while (ranks.size() > most_lines && end < ranks.size() && alike(ranks[i], ranks[end]) &&
           grouped(ranks[i]) == grouped(ranks[end])) {
      ++end;
    }
    rows.push_back(cells_of(ranks.subspan(i, end - i), group_of));
    i = end;
  }
  const auto on_gpu = [](const Placement& rank) { return rank.device.kind == DeviceKind::cuda; };
  if (std::none_of(ranks.begin(), ranks.end(), on_gpu)) {
    for (Cells& row : rows) row.erase(row.begin() + 3);
  }
  return align(rows);
}

}  // namespace titrate::comm
