// Disk space: whether a sweep fits on its disk, checked before it starts.
#pragma once

#include <filesystem>
#include <vector>

#include "titrate/core/log.hpp"
#include "titrate/shard/manifest.hpp"
#include "titrate/study/study.hpp"
#include "titrate/sweep/weights.hpp"

namespace titrate::sweep {

// Compares the free space of the run folder's disk with the results of `missing` and the checkpoints of at
// most `ranks` trials at a time. Throws Error (io) where the results do not fit; warns where checkpoints may
// not.
void check_disk_space(const std::filesystem::path& out, const std::vector<study::Trial>& missing,
                      const shard::Manifest& manifest, Keep keep, std::size_t ranks, const Log& log);

}  // namespace titrate::sweep
