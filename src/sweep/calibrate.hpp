// What each trial costs on the machine it is about to run on.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "run_trial.hpp"
#include "titrate/comm/communicator.hpp"
#include "titrate/dispatch/plan.hpp"

namespace titrate::sweep {

struct Probers {
  comm::Device device{};     // of this rank
  std::vector<int> ranks{};  // world ranks that have a share in the work
};

// The trials with their seconds on one rank, the same on every rank. Collective over the world, whose ranks
// share the work: each kind of trial (speed_class) is probed for a moment by one of the `probers`. A kind
// that cannot be probed counts as slow as the slowest. Where all are of one kind and none can go to a wide
// group, only their order counts, and nothing is probed. `goes_on` is called before each probe; after its
// false no more are probed.
std::vector<dispatch::PlannedJob> calibrate(const comm::Communicator& world,
                                            std::span<const study::Trial> trials, const Workplace& workplace,
                                            const Probers& probers, const std::function<bool()>& goes_on);

}  // namespace titrate::sweep
