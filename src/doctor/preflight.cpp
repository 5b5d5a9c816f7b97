#include "folder.hpp"
#include "machine.hpp"
#include "titrate/comm/agreement.hpp"
#include "titrate/core/error.hpp"
#include "titrate/doctor/doctor.hpp"

namespace titrate::doctor {
namespace {

// Throws the first failure. `where`: what the lines are about; empty: the line's own name.
void refuse_failures(const DoctorLines& lines, ErrorCode code, const std::string& where = "") {
  for (const DoctorLine& line : lines) {
    if (line.status != CheckStatus::fail) continue;
    throw Error(
        {.code = code, .where = where.empty() ? line.name : where, .what = line.text, .hint = line.remedy});
  }
}

}  // namespace

void require_start(const comm::GetEnvironment& get) {
  for (const DoctorLine& line : check_start(get))
    refuse_failures({line}, line.name == "launcher" ? ErrorCode::usage : ErrorCode::failed);
}

void require_places(const comm::Session& session, const std::filesystem::path& out, const Log& log) {
  const std::vector<comm::Placement> ranks = comm::place_ranks(session, comm::DeviceKind::cpu);
  const DoctorLines folder = check_run_folder(session, out, locking_rank(ranks));
  comm::together(session.world(), [&] {
    refuse_failures(folder, ErrorCode::io, out.string());
    if (session.node_rank() != 0) return;
    refuse_failures({check_temporary_space(comm::get_environment)}, ErrorCode::io);
    const DoctorLine shared = check_shared_memory("/dev/shm", session.node_size());
    if (shared.status != CheckStatus::ok) log.warn("shared memory: " + shared.text + "; " + shared.remedy);
  });
}

}  // namespace titrate::doctor
