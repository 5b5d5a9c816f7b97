// The ranks that do a job together, and the communicator and exchanges that they share.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "titrate/comm/communicator.hpp"
#include "titrate/comm/exchange.hpp"
#include "titrate/comm/placement.hpp"
#include "titrate/dispatch/plan.hpp"

namespace titrate::dispatch {

// A group, as one of its ranks holds it. Making and destroying a wide one is collective over its ranks.
struct WorkGroup {
  comm::Device device{};                             // of this rank
  std::optional<comm::Communicator> communicator{};  // none: this rank is alone
  std::unique_ptr<comm::Exchange> fast{}, tree{};    // on CPUs the tree is the fast one too

  int width() const { return communicator ? communicator->size() : 1; }
  bool is_led_here() const { return !communicator || communicator->rank() == 0; }
};

// This rank's wide group of the plan; none where it works alone. Collective over the world. Throws
// AgreedError (usage) where the ranks of a group cannot sum together.
std::optional<WorkGroup> form_group(const comm::Communicator& world, const Plan& plan,
                                    const comm::Device& device, double timeout_seconds);

// Throws Error (usage) unless all ranks of the group have this numerics class. Collective over the group.
void check_numerics(const WorkGroup& group, const std::string& numerics);

// Gives every rank the groups of rank 0's plan, which is all that the others need of it. Collective over the
// world.
void share_groups(Plan& plan, const comm::Communicator& world);

// The ranks that take part, by node: of those that share a GPU the first `most_per_gpu`. First in its node
// stand the first ranks of each GPU.
std::vector<NodeRanks> working_nodes(std::span<const comm::Placement> ranks, int most_per_gpu);

}  // namespace titrate::dispatch
