// The trials of a sweep as jobs.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "run_trial.hpp"
#include "titrate/dispatch/jobs.hpp"

namespace titrate::sweep {

class TrialJobs final : public dispatch::Jobs {
 public:
  // `trials`: all that may be asked for. What is passed in must outlive it.
  TrialJobs(const std::vector<study::Trial>& trials, const Workplace& workplace, int world_rank);

  void run(const std::string& id, dispatch::WorkGroup& group, dispatch::JobObserver& observer) override;
  dispatch::JobOutcome collect(const std::string& id, const std::optional<std::string>& record) override;
  std::string describe(const std::string& id) const override;
  std::uint64_t images_seen(const std::string& id, std::uint64_t steps) override;

  // On rank 0, after the run: what was collected.
  std::vector<study::TrialRecord> take_records() { return std::move(records_); }

 private:
  struct EpochShape {
    std::uint64_t images = 0, batches = 0;
    std::uint32_t batch_size = 0;
  };

  EpochShape epoch_shape(const study::Settings& settings) const;

  std::map<std::string, const study::Trial*> trials_;
  const Workplace& workplace_;
  int world_rank_;
  std::map<std::string, EpochShape> shapes_{};       // of the trials that were asked about
  std::mutex mutex_{};                               // of the next
  std::map<std::string, study::TrialRecord> own_{};  // of this process, by trial, until they are collected
  std::vector<study::TrialRecord> records_{};
};

}  // namespace titrate::sweep
