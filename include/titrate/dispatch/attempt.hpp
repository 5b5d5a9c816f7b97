// An attempt: one run on a run folder, numbered in RUN/attempt.json together with how it ended. Rank 0 writes
// and syncs the file under the folder's lock, so that no number is given twice and a killed run is noticed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "titrate/study/attempt.hpp"

namespace titrate::dispatch {

// This run's attempt, from its start to its end.
class Attempt {
 public:
  // Throws Error (io), as do the functions below.
  Attempt(std::filesystem::path run_folder, std::uint32_t number);
  Attempt(Attempt&&) = delete;
  // Writes "failed" where end() was not called: an error is on its way.
  ~Attempt();

  std::uint32_t number() const { return record_.number; }

  // Throws Error (in_use) where a later run has taken over the folder: this process was suspended, and was
  // taken for dead.
  void require_current() const;

  // For the watchdog, which is about to end the job: ignores errors of the disk.
  void fail(const std::string& reason) noexcept;

  // Writes how it ended. Leaves a later run's file alone.
  void end(study::RunState state, const std::string& reason = "");

 private:
  bool is_overtaken() const;  // by a later run

  std::filesystem::path file_;
  study::AttemptRecord record_;
};

}  // namespace titrate::dispatch
