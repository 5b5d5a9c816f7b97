#include "titrate/sweep/preflight.hpp"

#include <algorithm>

#include "titrate/comm/agreement.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/doctor/folder.hpp"
#include "titrate/doctor/machine.hpp"
#include "titrate/sweep/cost.hpp"
#include "titrate/sweep/setup.hpp"

namespace titrate::sweep {
namespace {

void refuse_failures(const doctor::DoctorLines& lines, const std::string& where) {
  for (const doctor::DoctorLine& line : lines) {
    if (line.verdict != doctor::Verdict::fail) continue;
    throw Error({.code = ErrorCode::io, .where = where, .what = line.text, .hint = line.remedy});
  }
}

}  // namespace

void check_places(const comm::Session& session, std::span<const comm::Placement> ranks,
                  const std::filesystem::path& out, const Log& log) {
  const doctor::DoctorLines folder = doctor::check_run_folder(session, out, doctor::locking_rank(ranks));
  comm::together(session.world(), [&] {
    refuse_failures(folder, out.string());
    if (session.node_rank() != 0) return;
    refuse_failures({doctor::check_temporary_space(comm::get_environment)}, "temporary space");
    const doctor::DoctorLine shared = doctor::check_shared_memory("/dev/shm", session.node_size());
    if (shared.verdict != doctor::Verdict::ok)
      log.warn("shared memory: " + shared.text + "; " + shared.remedy);
  });
}

void check_room(const std::filesystem::path& out, const std::vector<Trial>& missing,
                const shard::Manifest& manifest, Keep keep, std::size_t ranks, const Log& log) {
  std::uint64_t results = 0, checkpoint = 0;
  for (const Trial& trial : missing) {
    const train::TrialSetup setup = make_setup(trial.settings, manifest);
    results += trial_disk_bytes(setup, manifest, keep);
    checkpoint = std::max(checkpoint, checkpoint_disk_bytes(setup));
  }
  const std::uint64_t checkpoints = checkpoint * std::min(ranks, missing.size());
  const std::uint64_t free = std::filesystem::space(out).available;
  if (free >= results + checkpoints) return;
  const Error error({.code = ErrorCode::io,
                     .where = out.string(),
                     .what = "too little room on this disk",
                     .expected = doctor::in_units(results) + " for the results of " +
                                 with_commas(missing.size()) + " trials and up to " +
                                 doctor::in_units(checkpoints) + " for checkpoints on the way",
                     .got = doctor::in_units(free),
                     .hint = "make room, keep fewer weights, or give another --out"});
  if (free < results) throw Error(error);
  log.warn(error.what());
}

}  // namespace titrate::sweep
