// titrate doctor: looks at everything that a sweep relies on, and says what is wrong with it and what to do.
// It waits for no rank for ever. A sweep asks it, before it touches anything, about what is cheap to see.
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

// What is printed: each line as soon as it is known, or all as JSON at the end. Thread-safe.
class DoctorReport {
 public:
  // Silent on ranks that have nothing to say: adding does nothing there.
  DoctorReport(bool json, bool silent) : json_(json), silent_(silent) {}

  void add(std::span<const DoctorLine> lines);
  void add_ranks(std::span<const comm::Placement> ranks, const std::string& sources);

  // Ends the report: the count of statuses, or the JSON. Returns whether nothing FAILs.
  bool finish();

  // For the rank that finds that all others are lost.
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
// Where a rank does not come, the report ends with that, and the job with code 86.
int run_doctor(const DoctorOptions& options, const comm::Session& session, DoctorReport& report);

// Throws Error that says what check_start() has a FAIL for: usage for the launcher, else failed.
void require_start(const comm::GetEnvironment& get);

// Whether files can be written and renamed in the run folder, are seen by all ranks, and can be locked;
// shared memory and temporary space of each node. Leaves nothing behind. Collective over the world. Throws
// AgreedError (io) that names the folder and what it lacks; what is only doubtful is warned of.
void require_places(const comm::Session& session, const std::filesystem::path& out, const Log& log);

}  // namespace titrate::doctor
