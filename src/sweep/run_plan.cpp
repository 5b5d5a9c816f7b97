#include "run_plan.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "cost.hpp"
#include "titrate/comm/agreement.hpp"
#include "titrate/comm/rank.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/text.hpp"
#include "titrate/train/setup.hpp"

namespace titrate::sweep {
namespace {

std::string shape_of(std::span<const dispatch::NodeRanks> nodes) {
  std::vector<std::string> parts;
  for (const dispatch::NodeRanks& node : nodes)
    parts.push_back(std::to_string(node.ranks.size()) + "/" + std::to_string(node.devices));
  return join(parts, " ");
}

}  // namespace

std::optional<PlanFile> share_plan_file(const std::filesystem::path& file, const comm::Communicator& world) {
  if (file.empty()) return std::nullopt;
  std::string text;
  std::optional<PlanFile> plan;
  comm::together(world, [&] {
    if (world.rank() != 0) return;
    text = read_text(file);
    plan = parse_plan_file(text, file.string());
  });
  text = world.broadcast(text, 0);
  if (!plan) plan = parse_plan_file(text, file.string());
  return plan;
}

dispatch::Plan fit_plan(const PlanFile& file, std::span<const dispatch::NodeRanks> nodes,
                        std::span<const study::Trial> missing) {
  if (shape_of(file.nodes) != shape_of(nodes)) {
    throw Error({.code = ErrorCode::usage,
                 .where = "--plan",
                 .what = "the plan was made for other ranks (ranks/devices of each node)",
                 .expected = shape_of(file.nodes),
                 .got = shape_of(nodes),
                 .hint = "start as many ranks as planned, or give the study instead of the plan"});
  }
  std::vector<int> world_rank_of;
  for (const dispatch::NodeRanks& node : nodes)
    world_rank_of.insert(world_rank_of.end(), node.ranks.begin(), node.ranks.end());
  dispatch::Plan plan = file.plan;
  for (std::vector<int>& group : plan.groups) {
    for (int& rank : group) rank = comm::at(world_rank_of, rank);
  }
  std::set<std::string> wanted;
  for (const study::Trial& trial : missing) wanted.insert(trial.id);
  std::erase_if(plan.jobs, [&](const dispatch::PlannedJob& job) { return wanted.erase(job.id) == 0; });
  if (!wanted.empty()) {
    throw Error({.code = ErrorCode::usage,
                 .where = "--plan",
                 .what = "the plan lacks " + with_commas(wanted.size()) + " trials of its study",
                 .hint = "make it again with titrate plan --out"});
  }
  return plan;
}

int most_per_gpu(std::span<const study::Trial> trials, const shard::Manifest& manifest,
                 const comm::Device& device) {
  if (device.kind != comm::DeviceKind::cuda) return std::numeric_limits<int>::max();
  constexpr double kUsable = 0.9, kContextBytes = 6e8;  // CUDA's own, with the kernels of LibTorch
  double largest = 0;
  for (const study::Trial& trial : trials)
    largest =
        std::max(largest, static_cast<double>(training_bytes(train::make_setup(trial.settings, manifest))));
  const double total = static_cast<double>(comm::device_memory(device).total_bytes);
  return std::max(1, static_cast<int>(kUsable * total / (largest + kContextBytes)));
}

}  // namespace titrate::sweep
