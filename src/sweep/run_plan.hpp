// From a plan, or what it needs, to every rank of a run.
#pragma once

#include <filesystem>
#include <optional>
#include <span>

#include "titrate/comm/communicator.hpp"
#include "titrate/shard/manifest.hpp"
#include "titrate/sweep/plan_file.hpp"

namespace titrate::sweep {

// What rank 0 reads there, on every rank; nothing where no file is named. Collective over the world. Throws
// AgreedError.
std::optional<PlanFile> share_plan_file(const std::filesystem::path& file, const comm::Communicator& world);

// The plan of a file for the ranks and trials that there are. Throws Error (usage) where it was made for
// others.
dispatch::Plan fit_plan(const PlanFile& file, std::span<const dispatch::NodeRanks> nodes,
                        std::span<const study::Trial> missing);

// How many ranks can share this GPU, by what the largest of the trials takes of its memory; without limit
// where `device` is a CPU.
int most_per_gpu(std::span<const study::Trial> trials, const shard::Manifest& manifest,
                 const comm::Device& device);

}  // namespace titrate::sweep
