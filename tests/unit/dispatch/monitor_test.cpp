#include "../../../src/dispatch/monitor.hpp"

#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"
#include "titrate/core/file.hpp"

namespace titrate::dispatch {
namespace {

// Jobs whose record is "failed" or the number of their steps, each of ten images.
class FakeJobs : public Jobs {
 public:
  void run(const std::string&, WorkGroup&, JobObserver&) override {}
  JobOutcome collect(const std::string&, const std::optional<std::string>& record) override {
    if (record.value() == "failed") return {.failed = true, .reason = "no room"};
    return {.steps = std::stoull(*record)};
  }
  std::string describe(const std::string& id) const override { return "settings of " + id; }
  std::uint64_t images_seen(const std::string&, std::uint64_t steps) override { return 10 * steps; }
};

class MonitorTest : public testing::Test {
 protected:
  MonitorTest() {
    for (const char* id : {"a", "b", "c", "d"})
      plan_.jobs.push_back({.id = id, .seconds = 10, .most_ranks = 2, .width = *id == 'a' ? 2 : 1});
    plan_.groups = {{0, 2}};
    info_ = {.run_folder = folder_.path(),
             .study = "digits",
             .attempt = 7,
             .ranks = {{.world_rank = 0}, {.world_rank = 1}, {.world_rank = 2}},
             .working_ranks = {0, 1, 2},
             .jobs = 5,
             .quiet = true};
  }

  Monitor make() { return Monitor(info_, plan_, jobs_, Log({.quiet = true})); }

  study::SweepStatus status() const {
    const auto file = study::status_file(folder_.path());
    return study::parse_status(read_text(file), file.string());
  }

  TemporaryFolder folder_;
  FakeJobs jobs_;
  Plan plan_;
  RunInfo info_;
};

TEST_F(MonitorTest, ASingleRankIsAGroupOfItsOwnAndAWideOneDissolves) {
  Monitor monitor = make();
  monitor.finish(false);
  ASSERT_EQ(status().groups.size(), 2u);
  EXPECT_EQ(status().groups[0].ranks, (std::vector<int>{0, 2}));
  EXPECT_EQ(status().groups[1].ranks, (std::vector<int>{1}));
  monitor.end_group(0, 2);
  monitor.finish(false);
  ASSERT_EQ(status().groups.size(), 3u);
  EXPECT_EQ(status().groups[0].ranks, (std::vector<int>{0}));
  EXPECT_EQ(status().groups[2].ranks, (std::vector<int>{2}));
  EXPECT_TRUE(status().groups[2].working);
  monitor.end_group(2, 1);
  monitor.finish(false);
  EXPECT_FALSE(status().groups[2].working);
}

TEST_F(MonitorTest, CountsWhatEnds) {
  Monitor monitor = make();
  monitor.hear(
      1, to_json(study::TrialProgress{.trial = "b", .step = 50, .total_steps = 100, .train_loss = 0.5}));
  monitor.take(0, "c", "100");
  monitor.take(0, "d", "failed");
  monitor.finish(false);
  const study::SweepStatus now = status();
  EXPECT_EQ(now.state, study::RunState::finished);
  EXPECT_EQ(now.attempt, 7u);
  EXPECT_EQ(now.trials, 5u);
  EXPECT_EQ(now.before, 1u);
  EXPECT_EQ(now.done, 1u);
  EXPECT_EQ(now.failed, 1u);
  ASSERT_EQ(now.failures.size(), 1u);
  EXPECT_EQ(now.failures[0].reason, "no room");
  EXPECT_EQ(now.failures[0].settings, "settings of d");
  EXPECT_EQ(now.groups[0].finished, 2u);
  ASSERT_TRUE(now.groups[1].activity);
  EXPECT_EQ(now.groups[1].activity->step, 50u);
  EXPECT_EQ(now.groups[1].settings, "settings of b");
  ASSERT_TRUE(now.seconds_left);
  monitor.take(1, "b", "100");
  monitor.finish(false);
  EXPECT_FALSE(status().groups[1].activity) << "it is over";
}

// Two of four trials and half of a third are done: what is left takes as long as its share of the plan.
TEST_F(MonitorTest, TheForecastKnowsHowFarTrialsAre) {
  Monitor monitor = make();
  monitor.take(0, "c", "100");
  monitor.take(0, "d", "100");
  monitor.take(0, "a", "100");
  monitor.hear(1, to_json(study::TrialProgress{.trial = "b", .step = 50, .total_steps = 100}));
  monitor.finish(false);
  const double half = status().seconds_left.value() / status().elapsed_seconds;
  monitor.hear(1, to_json(study::TrialProgress{.trial = "b", .step = 99, .total_steps = 100}));
  monitor.finish(false);
  const double nearly = status().seconds_left.value() / status().elapsed_seconds;
  EXPECT_LT(nearly, 0.1 * half);
  EXPECT_GT(half, 0.1);
}

// What an earlier run did of it says nothing of how fast this one is.
TEST_F(MonitorTest, AJobThatIsGoneOnWithCountsFromThere) {
  const auto images = [&](bool is_finished) {
    Monitor monitor = make();
    monitor.hear(
        1, to_json(study::TrialProgress{.trial = "b", .step = 100, .total_steps = 1000, .first_step = 90}));
    if (is_finished) monitor.take(1, "b", "1000");
    monitor.finish(false);
    return status().images_per_second * status().elapsed_seconds;
  };
  EXPECT_NEAR(images(false), 100, 0.01);
  EXPECT_NEAR(images(true), 9100, 0.01);
}

TEST_F(MonitorTest, ARunGoesOnWithoutItsStatus) {
  info_.run_folder = folder_.path() / "gone";
  Monitor monitor = make();
  monitor.take(0, "c", "100");
  EXPECT_NO_THROW(monitor.finish(false));
}

}  // namespace
}  // namespace titrate::dispatch
