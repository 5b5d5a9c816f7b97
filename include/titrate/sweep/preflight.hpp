// What a sweep relies on, looked at before it touches anything: better now, by name, than in the night.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "titrate/comm/placement.hpp"
#include "titrate/comm/session.hpp"
#include "titrate/core/log.hpp"
#include "titrate/shard/manifest.hpp"
#include "titrate/sweep/study.hpp"
#include "titrate/sweep/weights.hpp"

namespace titrate::sweep {

// Whether files can be written and renamed in `out`, are seen by all ranks, and can be locked; shared memory
// and temporary space of each node. Leaves nothing behind. Collective over the world. Throws AgreedError (io)
// that names the folder and what it lacks; what is only doubtful is warned of.
void check_places(const comm::Session& session, std::span<const comm::Placement> ranks,
                  const std::filesystem::path& out, const Log& log);

// Whether the results of `missing` fit on the disk of the run folder, and their checkpoints, which at most
// `ranks` have at a time. Throws Error: io where results do not fit; where checkpoints may not, a warning.
void check_room(const std::filesystem::path& out, const std::vector<Trial>& missing,
                const shard::Manifest& manifest, Keep keep, std::size_t ranks, const Log& log);

}  // namespace titrate::sweep
