#include "titrate/report/status_text.hpp"

#include <gtest/gtest.h>

namespace titrate::report {
namespace {

RunView running() {
  study::SweepStatus status{.state = study::RunState::running,
                            .study = "digits",
                            .host = "node1",
                            .pid = 4711,
                            .attempt = 2,
                            .elapsed_seconds = 725,
                            .trials = 1420,
                            .before = 208,
                            .done = 104,
                            .failed = 1,
                            .images_per_second = 10400.4,
                            .seconds_left = 190};
  status.groups = {{.ranks = {0, 1, 2, 3},
                    .finished = 2,
                    .activity = study::TrialProgress{.trial = "0123456789abcdef",
                                                     .step = 1200,
                                                     .total_steps = 5625,
                                                     .epochs = 1,
                                                     .train_loss = 0.21309},
                    .settings = "data.size=60000 seed=3",
                    .seconds = 1},
                   {.ranks = {4}, .finished = 34},
                   {.ranks = {5}, .working = false},
                   {.ranks = {6}, .working = false}};
  status.failures = {{"fedcba9876543210", "data.size=5 seed=1", "too few images of class 3", 4}};
  return {.status = status, .holder = FolderHolder{"node1", 4711, true}, .seconds_since_update = 1};
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(StatusText, SaysHowFarHowFastAndWhatEachGroupDoes) {
  const std::string text = status_text(running());
  EXPECT_TRUE(
      has(text, "sweep digits, attempt 2: running on node1 (process 4711) for 12 min, last heard of 1 s ago"))
      << text;
  EXPECT_TRUE(has(text, "312 of 1,420 done (208 in earlier runs), 1 failed")) << text;
  EXPECT_TRUE(has(text, "10,400 images/s, 3 min left")) << text;
  EXPECT_TRUE(has(text, "0-3")) << text;
  EXPECT_TRUE(has(text, "1,200/5,625           0.2131  0123456789abcdef  data.size=60000 seed=3")) << text;
  EXPECT_TRUE(has(text, "short trials")) << text;
  EXPECT_TRUE(has(text, "2 ranks have no more to do")) << text;
  EXPECT_TRUE(has(text, "fedcba9876543210  data.size=5 seed=1\n    rank 4: too few images of class 3"))
      << text;
}

TEST(StatusText, TheStateFollowsFromWhoLives) {
  RunView view = running();
  EXPECT_EQ(state_of(view), study::RunState::running);
  view.seconds_since_update = 60;
  EXPECT_EQ(state_of(view), study::RunState::silent);
  view.holder->lives = false;
  EXPECT_EQ(state_of(view), study::RunState::ended);
  EXPECT_TRUE(has(status_text(view), "killed, out of memory"));
  view.end_reason = "rank 3 on b: no progress";
  EXPECT_TRUE(has(status_text(view), "rank 3 on b: no progress; the same command resumes\n"));
  EXPECT_FALSE(has(status_text(view), "out of memory"));
  view.holder.reset();
  EXPECT_EQ(state_of(view), study::RunState::ended);
  view.status->state = study::RunState::finished;
  EXPECT_EQ(state_of(view), study::RunState::finished);
  EXPECT_FALSE(has(status_text(view), "0123456789abcdef")) << "who is done does nothing";
}

TEST(StatusText, ANewRunStartsWithTheOldOnesStatus) {
  RunView view = running();
  view.status->state = study::RunState::finished;
  view.holder->pid = 4712;
  EXPECT_EQ(state_of(view), study::RunState::starting);
  const std::string text = status_text(view);
  EXPECT_TRUE(has(text, "starting on node1 (process 4712)")) << text;
  EXPECT_TRUE(has(text, "too few images of class 3")) << text;
}

TEST(StatusText, BeforeTheFirstTrialTheJournalTells) {
  RunView view{.holder = FolderHolder{"node1", 12, true}, .trials = 10, .finished = 4, .failed = 1};
  EXPECT_EQ(state_of(view), study::RunState::starting);
  EXPECT_EQ(status_text(view), "starting on node1 (process 12)\ntrials    4 of 10 done, 1 failed\n");
  view.holder.reset();
  EXPECT_EQ(state_of(view), study::RunState::ended);
  view.finished = 10;
  EXPECT_EQ(state_of(view), study::RunState::finished);
}

TEST(StatusText, JsonHasTheStateToo) {
  const std::string text = status_json(running());
  EXPECT_TRUE(has(text, "\"state\": \"running\"")) << text;
  EXPECT_TRUE(has(text, "\"seconds_since_update\": 1.0")) << text;
  EXPECT_TRUE(has(status_json({.trials = 3}), "\"trials\": 3"));
}

}  // namespace
}  // namespace titrate::report
