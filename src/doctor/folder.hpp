// The doctor's checks of a run folder: what a sweep relies on there.
#pragma once

#include <filesystem>
#include <span>

#include "titrate/comm/placement.hpp"
#include "titrate/comm/session.hpp"
#include "titrate/doctor/line.hpp"

namespace titrate::doctor {

// The first rank on another host than rank 0's; without one another rank, else rank 0 itself.
int locking_rank(std::span<const comm::Placement> ranks);

// Checks the free space, the time to write, sync and rename over an existing file, whether all ranks see what
// rank 0 wrote, and whether rank `locking_rank` is refused the lock that rank 0 holds. Writes into a scratch
// folder below `out`, and removes it and what it had to make of `out`. Collective over the world. Returns
// lines on rank 0 alone.
DoctorLines check_run_folder(const comm::Session& session, const std::filesystem::path& out,
                             int locking_rank);

}  // namespace titrate::doctor
