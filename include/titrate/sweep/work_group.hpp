// The ranks that a plan puts together, and all that they share.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "titrate/comm/communicator.hpp"
#include "titrate/comm/exchange.hpp"
#include "titrate/comm/placement.hpp"
#include "titrate/study/train_settings.hpp"
#include "titrate/sweep/plan.hpp"
#include "titrate/train/group.hpp"

namespace titrate::sweep {

// A wide group, as one of its ranks holds it. Making and destroying it is collective over its ranks.
struct WorkGroup {
  comm::Communicator communicator;
  std::unique_ptr<comm::Exchange> fast{}, tree{};  // on CPUs the tree is the fast one too
};

// This rank's group of the plan; none where it works alone. Collective over the world. Throws AgreedError:
// usage where the ranks of a group cannot sum together, which says why.
std::optional<WorkGroup> form_group(const comm::Communicator& world, const Plan& plan,
                                    const comm::Device& device, double timeout_seconds);

// A group for trials of these settings.
train::Group view(WorkGroup& group, const comm::Device& device, const study::TrainSettings& settings);

// Throws Error (usage) unless all ranks of the group compute alike. Collective over the group.
void check_numerics(const comm::Communicator& group, const std::string& numerics);

// The ranks that have a share in the work, by node: of those that share a GPU the first `most_per_gpu`. First
// in its node stand the first ranks of each GPU.
std::vector<NodeRanks> working_nodes(std::span<const comm::Placement> ranks, int most_per_gpu);

}  // namespace titrate::sweep
