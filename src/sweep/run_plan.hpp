// The plan of a run: read from a file, or limited by the memory of GPUs.
#pragma once

#include <filesystem>
#include <optional>
#include <span>

#include "titrate/comm/communicator.hpp"
#include "titrate/shard/manifest.hpp"
#include "titrate/sweep/plan_file.hpp"

namespace titrate::sweep {

// Rank 0 reads the file, and every rank gets it; nothing where none is named. Collective over the world.
// Throws AgreedError.
std::optional<PlanFile> share_plan_file(const std::filesystem::path& file, const comm::Communicator& world);

// The file's plan for these nodes and the missing trials. Throws Error (usage) where it was made for others.
dispatch::Plan fit_plan(const PlanFile& file, std::span<const dispatch::NodeRanks> nodes,
                        std::span<const study::Trial> missing);

// How many ranks can share this GPU, as the largest trial fits into its memory; without limit on a CPU.
int most_per_gpu(std::span<const study::Trial> trials, const shard::Manifest& manifest,
                 const comm::Device& device);

}  // namespace titrate::sweep
