#include "titrate/dispatch/run_jobs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "mpi_main.hpp"
#include "support/outcome.hpp"
#include "support/temporary_folder.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/text.hpp"
#include "titrate/study/status.hpp"

namespace titrate::dispatch {
namespace {

using comm::session;

const comm::Communicator& world() { return session().world(); }

std::string record_of(const std::string& id, int width) {
  return "{\"job\":\"" + id + "\",\"width\":\"" + std::to_string(width) + "\"}";
}

// Jobs that note who ran them.
class NotingJobs : public Jobs {
 public:
  void run(const std::string& id, WorkGroup& group, JobObserver& observer) override {
    if (group.communicator) group.communicator->barrier();
    if (seconds_ > 0) std::this_thread::sleep_for(std::chrono::duration<double>(seconds_));
    if (observer.wants_stop()) throw Error({.code = ErrorCode::stopped});
    if (!group.is_led_here()) return;
    observer.keep(record_of(id, group.width()));
    if (world().rank() == 0) own_.insert(id);
  }
  JobOutcome collect(const std::string& id, const std::optional<std::string>& record) override {
    if (id == refused_) throw Error({.code = ErrorCode::integrity, .what = "no record of job " + id});
    if (record) {
      EXPECT_EQ(split(*record, '"').at(3), id) << *record;
    }
    (record ? others_collected_ : own_collected_).push_back(id);
    return {.failed = id == "3", .reason = "three", .steps = 1};
  }
  std::string describe(const std::string& id) const override { return "job " + id; }
  std::uint64_t images_seen(const std::string&, std::uint64_t steps) override { return steps; }

  double seconds_ = 0;
  std::string refused_{};  // the job that collect() fails for
  std::set<std::string> own_{};
  std::vector<std::string> own_collected_{}, others_collected_{};
};

class RunJobsTest : public testing::Test {
 protected:
  RunJobsTest() {
    if (world().rank() == 0) folder_.emplace();
    info_ = {.run_folder = world().broadcast(folder_ ? folder_->path().string() : "", 0), .quiet = true};
    if (folder_) make_folder(info_.run_folder / "journal");
    for (int rank = 0; rank < world().size(); ++rank) {
      info_.ranks.push_back({.world_rank = rank, .node_rank = rank});
      info_.working_ranks.push_back(rank);
    }
    plan_.ranks = world().size();
  }
  ~RunJobsTest() override { world().barrier(); }

  void add_jobs(int count, int width) {
    for (int i = 0; i < count; ++i) {
      const std::string id = std::to_string(plan_.jobs.size());
      plan_.jobs.push_back({.id = id, .seconds = 1, .most_ranks = width, .width = width});
    }
  }

  // What run_jobs() throws on this rank.
  Outcome outcome_of_run(const comm::WatchdogOptions& limits = {}) {
    info_.jobs = plan_.jobs.size();
    comm::Watchdog watchdog(session(), limits);
    std::optional<WorkGroup> group = form_group(world(), plan_, {}, 60);
    const Log log({.quiet = true});
    const Outcome found = outcome([&] {
      run_jobs({world(), watchdog, log}, info_, plan_, std::move(group), jobs_);
    });
    world().barrier();
    watchdog.close();
    return found;
  }

  void run(const comm::WatchdogOptions& limits = {}) {
    EXPECT_EQ(outcome_of_run(limits).message, Outcome{}.message);
  }

  // On rank 0: the width of each job in all journals.
  std::map<std::string, std::string> journal() const {
    std::map<std::string, std::string> width_of;
    for (const auto& file : std::filesystem::directory_iterator(info_.run_folder / "journal")) {
      for (const std::string& line : split(trim(read_text(file.path())), '\n')) {
        const std::vector<std::string> parts = split(line, '"');
        EXPECT_TRUE(width_of.emplace(parts.at(3), parts.at(7)).second) << line << " ran twice";
      }
    }
    return width_of;
  }

  study::SweepStatus status() const {
    const auto file = study::status_file(info_.run_folder);
    return study::parse_status(read_text(file), file.string());
  }

  std::optional<TemporaryFolder> folder_;
  RunInfo info_;
  Plan plan_;
  NotingJobs jobs_;
};

TEST_F(RunJobsTest, EveryJobRunsOnceAndIsCollected) {
  add_jobs(100, 1);
  run();
  if (world().rank() != 0) return;
  EXPECT_EQ(journal().size(), 100u);
  EXPECT_EQ(jobs_.own_collected_.size() + jobs_.others_collected_.size(), 100u);
  EXPECT_EQ(std::set(jobs_.own_collected_.begin(), jobs_.own_collected_.end()), jobs_.own_);
  EXPECT_EQ(status().state, study::RunState::finished);
  EXPECT_EQ(status().done, 99u);
  ASSERT_EQ(status().failures.size(), 1u);
  EXPECT_EQ(status().failures[0].settings, "job 3");
}

TEST_F(RunJobsTest, AWideGroupTakesItsJobsAndDissolves) {
  if (world().size() < 2) GTEST_SKIP() << "one rank makes no wide group";
  plan_.groups = {{world().size() - 1, 0}};  // rank 0 does not lead it
  add_jobs(3, 2);
  add_jobs(40, 1);
  run();
  if (world().rank() != 0) return;
  const std::map<std::string, std::string> width_of = journal();
  ASSERT_EQ(width_of.size(), 43u);
  for (const PlannedJob& job : plan_.jobs)
    EXPECT_EQ(width_of.at(job.id), std::to_string(job.width)) << job.id;
  for (const study::GroupStatus& group : status().groups) EXPECT_EQ(group.ranks.size(), 1u);
}

TEST_F(RunJobsTest, RanksWithoutAShareAskForNothing) {
  info_.working_ranks = {0};
  plan_.ranks = 1;
  add_jobs(5, 1);
  run();
  if (world().rank() == 0) {
    EXPECT_EQ(jobs_.own_collected_.size(), 5u);
  }
}

// The groups end what they have, and their records are in the journal.
TEST_F(RunJobsTest, AnErrorOfCollectComesOutOnRankZeroAlone) {
  jobs_.refused_ = "7";
  add_jobs(2000, 1);
  const Outcome found = outcome_of_run();
  EXPECT_EQ(found.message, world().rank() == 0 ? "no record of job 7" : Outcome{}.message);
  if (world().rank() != 0) return;
  EXPECT_EQ(found.code, ErrorCode::integrity);
  EXPECT_TRUE(journal().contains("7"));
  EXPECT_LT(journal().size(), 2000u);
}

TEST_F(RunJobsTest, AfterARequestToStopNothingIsHandedOut) {
  jobs_.seconds_ = 0.05;
  add_jobs(2000, 1);
  run({.deadline_seconds = 0.3});
  if (world().rank() != 0) return;
  EXPECT_LT(journal().size(), 2000u);
  EXPECT_EQ(journal().size(), jobs_.own_collected_.size() + jobs_.others_collected_.size());
  EXPECT_EQ(status().state, study::RunState::stopped);
}

}  // namespace
}  // namespace titrate::dispatch
