// RUN/attempt.json: which attempt the last run of a sweep was, and how it ended. Written and synced by rank 0
// under the folder's lock, so that numbers are never given twice and a death without a word is noticed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "titrate/study/attempt.hpp"

namespace titrate::dispatch {

// This run's, from its start to its end.
class Attempt {
 public:
  // Throws Error (io), as do the functions below.
  Attempt(std::filesystem::path run_folder, std::uint32_t number);
  Attempt(Attempt&&) = delete;
  // Without end() an error is on its way: failed.
  ~Attempt();

  std::uint32_t number() const { return record_.number; }

  // Throws Error (in_use) where a later run took over the folder: this process slept, and was taken for dead.
  void require_current() const;

  // For the watch, which is about to end the job: what cannot be written is not.
  void fail(const std::string& reason) noexcept;

  // In which state. A later run's file stays as it is.
  void end(const std::string& state, const std::string& reason = "");

 private:
  bool is_overtaken() const;  // by a later run

  std::filesystem::path file_;
  study::AttemptRecord record_;
};

}  // namespace titrate::dispatch
