#include "titrate/sweep/monitor.hpp"

#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"
#include "titrate/core/file.hpp"

namespace titrate::sweep {
namespace {

class MonitorTest : public testing::Test {
 protected:
  MonitorTest() {
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      study::Trial trial{.id = std::string(15, '0') + std::to_string(seed)};
      trial.settings.seed = seed;
      trials_.push_back(trial);
      plan_.trials.push_back({.trial = trial.id, .seconds = 10, .most_ranks = 2, .width = seed == 0 ? 2 : 1});
    }
    plan_.groups = {{0, 2}};
    scene_ = {.run_folder = folder_.path(),
              .study = "digits",
              .attempt = 7,
              .ranks = {{.world_rank = 0}, {.world_rank = 1}, {.world_rank = 2}},
              .working_ranks = {0, 1, 2},
              .trials = 5};
  }

  Monitor make() { return Monitor(scene_, plan_, trials_, {.quiet = true}, Log({.quiet = true})); }

  std::string record(std::uint64_t seed, int world_rank, study::Status status = study::Status::done) const {
    study::TrialRecord record{
        .trial = trials_[seed].id, .settings = trials_[seed].settings, .status = status};
    if (status == study::Status::failed) record.reason = "no room";
    record.timing.world_rank = world_rank;
    return to_json(record);
  }

  study::SweepStatus status() const {
    const auto file = study::status_file(folder_.path());
    return study::parse_status(read_text(file), file.string());
  }

  TemporaryFolder folder_;
  std::vector<study::Trial> trials_;
  Plan plan_;
  SweepScene scene_;
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
  monitor.hear(1, to_json(study::TrialProgress{
                      .trial = trials_[1].id, .step = 50, .total_steps = 100, .train_loss = 0.5}));
  monitor.take(record(2, 0));
  monitor.take(record(3, 0, study::Status::failed));
  monitor.finish(false);
  const study::SweepStatus now = status();
  EXPECT_EQ(now.state, "finished");
  EXPECT_EQ(now.attempt, 7u);
  EXPECT_EQ(now.trials, 5u);
  EXPECT_EQ(now.before, 1u);
  EXPECT_EQ(now.done, 1u);
  EXPECT_EQ(now.failed, 1u);
  ASSERT_EQ(now.failures.size(), 1u);
  EXPECT_EQ(now.failures[0].reason, "no room");
  EXPECT_EQ(now.groups[0].finished, 2u);
  ASSERT_TRUE(now.groups[1].activity);
  EXPECT_EQ(now.groups[1].activity->step, 50u);
  EXPECT_EQ(now.groups[1].settings, "seed=1");
  ASSERT_TRUE(now.seconds_left);
  monitor.take(record(1, 1));
  monitor.finish(false);
  EXPECT_FALSE(status().groups[1].activity) << "it is over";
  EXPECT_EQ(monitor.take_records().size(), 3u);
}

// Two of four trials and half of a third are done: what is left takes as long as its share of the plan.
TEST_F(MonitorTest, TheForecastKnowsHowFarTrialsAre) {
  Monitor monitor = make();
  monitor.take(record(2, 0));
  monitor.take(record(3, 0));
  monitor.take(record(0, 0));
  monitor.hear(1, to_json(study::TrialProgress{.trial = trials_[1].id, .step = 50, .total_steps = 100}));
  monitor.finish(false);
  const double half = status().seconds_left.value() / status().elapsed_seconds;
  monitor.hear(1, to_json(study::TrialProgress{.trial = trials_[1].id, .step = 99, .total_steps = 100}));
  monitor.finish(false);
  const double nearly = status().seconds_left.value() / status().elapsed_seconds;
  EXPECT_LT(nearly, 0.1 * half);
  EXPECT_GT(half, 0.1);
}

// What an earlier run did of it says nothing of how fast this one is.
TEST_F(MonitorTest, ATrialThatIsGoneOnWithCountsFromThere) {
  const auto rate = [&](std::uint64_t first_step) {
    Monitor monitor = make();
    monitor.hear(1, to_json(study::TrialProgress{
                        .trial = trials_[1].id, .step = 100, .total_steps = 1000, .first_step = first_step}));
    monitor.finish(false);
    return status().images_per_second * status().elapsed_seconds;
  };
  EXPECT_NEAR(rate(0) / rate(90), 10, 0.01);
}

TEST_F(MonitorTest, ASweepGoesOnWithoutItsStatus) {
  scene_.run_folder = folder_.path() / "gone";
  Monitor monitor = make();
  monitor.take(record(2, 0));
  monitor.finish(false);
  EXPECT_EQ(monitor.take_records().size(), 1u);
}

}  // namespace
}  // namespace titrate::sweep
