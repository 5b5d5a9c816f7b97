// Calibration: the cost of each trial on the machine that it is about to run on.
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

// The trials as jobs with their seconds on one rank, the same on every rank. One of the `probers` measures
// each speed class for a moment; a class that cannot be measured counts as the slowest. Where there is one
// class, and no trial can go to a wide group, only the order of the costs matters and nothing is measured.
// `goes_on` is called before each probe; once it returns false there are no more. Collective over the world.
std::vector<dispatch::PlannedJob> calibrate(const comm::Communicator& world,
                                            std::span<const study::Trial> trials, const Workplace& workplace,
                                            const Probers& probers, const std::function<bool()>& goes_on);

}  // namespace titrate::sweep
