#include "disk_space.hpp"

#include <algorithm>

#include "cost.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/train/setup.hpp"

namespace titrate::sweep {

void check_disk_space(const std::filesystem::path& out, const std::vector<study::Trial>& missing,
                      const shard::Manifest& manifest, Keep keep, std::size_t ranks, const Log& log) {
  std::uint64_t results = 0, checkpoint = 0;
  for (const study::Trial& trial : missing) {
    const train::TrialSetup setup = train::make_setup(trial.settings, manifest);
    results += trial_disk_bytes(setup, manifest, keep);
    checkpoint = std::max(checkpoint, checkpoint_disk_bytes(setup));
  }
  const std::uint64_t checkpoints = checkpoint * std::min(ranks, missing.size());
  const std::uint64_t free = std::filesystem::space(out).available;
  if (free >= results + checkpoints) return;
  const Error error({.code = ErrorCode::io,
                     .where = out.string(),
                     .what = "too little room on this disk",
                     .expected = in_megabytes(results) + " for the results of " +
                                 with_commas(missing.size()) + " trials and up to " +
                                 in_megabytes(checkpoints) + " for checkpoints on the way",
                     .got = in_megabytes(free),
                     .hint = "make room, keep fewer weights, or give another --out"});
  if (free < results) throw Error(error);
  log.warn(error.what());
}

}  // namespace titrate::sweep
