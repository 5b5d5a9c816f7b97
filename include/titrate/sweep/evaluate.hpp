// Tests of networks that were trained before, under conditions that their study did not have.
#pragma once

#include <filesystem>
#include <vector>

#include "titrate/comm/device.hpp"
#include "titrate/comm/session.hpp"
#include "titrate/core/log.hpp"
#include "titrate/image/noise.hpp"
#include "titrate/study/evaluations.hpp"

namespace titrate::sweep {

struct EvaluateRequest {
  std::filesystem::path run_folder{};
  std::filesystem::path dataset{};  // whose test split is used; empty: the run's own
  std::vector<image::Noise> conditions{};
  comm::DeviceKind device = comm::DeviceKind::automatic;
};

// Collective over the session's world: the kept weights are dealt out over its ranks. On rank 0 the
// evaluations of this call, in the order of the grid and the conditions; empty on the others. Throws Error:
// usage where the run has no weights, or the dataset other classes or another shape than it was trained on.
std::vector<study::Evaluation> evaluate_run(const EvaluateRequest& request, const comm::Session& session,
                                            const Log& log);

}  // namespace titrate::sweep
