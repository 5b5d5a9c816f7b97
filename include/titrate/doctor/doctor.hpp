// The doctor checks everything that a sweep relies on, and says what is wrong and what to do. It waits for no
// rank for ever. A sweep runs the cheap checks before it touches anything.
#pragma once

#include <filesystem>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "titrate/comm/placement.hpp"
#include "titrate/comm/session.hpp"
#include "titrate/core/log.hpp"
#include "titrate/doctor/line.hpp"

namespace titrate::doctor {

// The printed report: each line as soon as it is known, or all as JSON at the end. Thread-safe.
class DoctorReport {
 public:
  // A silent report prints nothing: all ranks but rank 0 have one.
  DoctorReport(bool json, bool silent) : json_(json), silent_(silent) {}

  void add(std::span<const DoctorLine> lines);
  void add_ranks(std::span<const comm::Placement> ranks, const std::string& sources);

  // Ends the report with the number of each status, or prints the JSON. Returns whether nothing FAILs.
  bool finish();

  // Makes a silent report print: for a rank that must speak since rank 0 does not.
  void speak();

 private:
  std::mutex mutex_;
  bool json_;
  bool silent_;
  DoctorLines lines_;
  std::vector<comm::Placement> ranks_;
  std::string sources_;
};

// What can be told before MPI starts: the version, the launcher, and what MPI would end this process for,
// with a page of its own words or none. FAIL where it had better not be started.
DoctorLines check_start(const comm::GetEnvironment& get);

struct DoctorOptions {
  std::filesystem::path out{};  // a run folder; empty: none is looked at
  comm::DeviceKind device = comm::DeviceKind::automatic;
};

// Collective over the world. Returns the exit code, the same on all ranks: 0, or 1 where something FAILs.
// A rank that does not come ends the report with a FAIL, and the job with code 86.
int run_doctor(const DoctorOptions& options, const comm::Session& session, DoctorReport& report);

// Throws the first FAIL of check_start() as Error: usage for the launcher, else failed.
void require_start(const comm::GetEnvironment& get);

// Checks the run folder (files can be written, renamed, locked, and are seen by all ranks), and the shared
// memory and temporary space of each node. Leaves nothing behind. Collective over the world. Throws
// AgreedError (io) that names the folder and what it lacks; warns of what is doubtful.
void require_places(const comm::Session& session, const std::filesystem::path& out, const Log& log);

}  // namespace titrate::doctor
