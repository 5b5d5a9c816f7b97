// Whether a sweep fits on its disk: better known now than in the night.
#pragma once

#include <filesystem>
#include <vector>

#include "titrate/core/log.hpp"
#include "titrate/shard/manifest.hpp"
#include "titrate/study/study.hpp"
#include "titrate/sweep/weights.hpp"

namespace titrate::sweep {

// The results of `missing` on the disk of the run folder, and their checkpoints, which at most `ranks` have
// at a time. Throws Error (io) where results do not fit; where checkpoints may not, warns.
void check_room(const std::filesystem::path& out, const std::vector<study::Trial>& missing,
                const shard::Manifest& manifest, Keep keep, std::size_t ranks, const Log& log);

}  // namespace titrate::sweep
