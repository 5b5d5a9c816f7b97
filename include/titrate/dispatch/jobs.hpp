// The jobs of a run, as dispatch sees them: ids whose meaning is known to who implements this. A job is a
// training, or something like one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "titrate/dispatch/work_group.hpp"
#include "titrate/train/trainer.hpp"

namespace titrate::dispatch {

// Is told of a running job by the rank that runs it.
class JobObserver : public train::TrialObserver {
 public:
  // On the group's leader, when the job has finished: appends its record, a line of JSON, to the journal. The
  // record is durable when this returns. Throws Error (io).
  virtual void keep(const std::string& record) = 0;
};

// What a finished job adds to the status of a run.
struct JobOutcome {
  bool failed = false;
  std::string reason{};     // of a failure
  std::uint64_t steps = 0;  // of all runs that had a share in it
};

class Jobs {
 public:
  virtual ~Jobs() = default;

  // Runs one job. Collective over the group. The leader keeps its record: else the run ends with Error
  // (internal). A job that fails has a record that says so; what is thrown ends the run, but for Error
  // (stopped), which all ranks of the group throw where the observer of one wants it.
  virtual void run(const std::string& id, WorkGroup& group, JobObserver& observer) = 0;

  // On rank 0, which gathers the records: takes that of a finished job. None where this process led the job
  // and so has its record. May be called while run() runs in another thread.
  virtual JobOutcome collect(const std::string& id, const std::optional<std::string>& record) = 0;

  // On rank 0, for the status: the job's settings, and the training images that its first `steps` steps see.
  virtual std::string describe(const std::string& id) const = 0;
  virtual std::uint64_t images_seen(const std::string& id, std::uint64_t steps) = 0;
};

}  // namespace titrate::dispatch
