#include "titrate/study/status.hpp"

#include <gtest/gtest.h>

#include "support/outcome.hpp"
#include "titrate/core/error.hpp"

namespace titrate::study {
namespace {

SweepStatus sample() {
  SweepStatus status{.state = RunState::running,
                     .study = "digits",
                     .host = "node1",
                     .pid = 4711,
                     .attempt = 3,
                     .updated = 1'800'000'000,
                     .elapsed_seconds = 12.5,
                     .trials = 420,
                     .before = 100,
                     .done = 7,
                     .failed = 1,
                     .images_per_second = 1234.5,
                     .seconds_left = 99.5};
  status.ranks = {{.world_rank = 0, .host = "node1", .device = "cpu", .device_name = "cpu"},
                  {.world_rank = 1,
                   .node = 1,
                   .node_rank = 2,
                   .host = "node2",
                   .device = "cuda",
                   .device_index = 1,
                   .device_name = "H100",
                   .pci_id = "0000:3b:00.0",
                   .sharing = 1,
                   .processors = 4}};
  status.groups = {{.ranks = {0, 1},
                    .finished = 2,
                    .activity = TrialProgress{.trial = "0123456789abcdef",
                                              .step = 10,
                                              .total_steps = 20,
                                              .first_step = 5,
                                              .epochs = 1,
                                              .train_loss = 0.25,
                                              .validation_loss = 0.5},
                    .settings = "data.size=100 seed=3",
                    .seconds = 0.5},
                   {.ranks = {2}, .working = false}};
  status.failures = {{"fedcba9876543210", "data.size=5 seed=1", "no memory: \xff", 1}};
  return status;
}

TEST(Status, ComesBackAsItWas) {
  const SweepStatus status = parse_status(to_json(sample()), "status.json");
  EXPECT_EQ(to_json(status), to_json(parse_status(to_json(status), "status.json")));
  EXPECT_EQ(status.pid, 4711);
  EXPECT_EQ(status.seconds_left, 99.5);
  ASSERT_EQ(status.ranks.size(), 2u);
  EXPECT_EQ(status.ranks[1].pci_id, "0000:3b:00.0");
  EXPECT_EQ(status.ranks[1].device, "cuda");
  EXPECT_EQ(status.ranks[1].sharing, 1);
  EXPECT_EQ(status.ranks[1].processors, 4u);
  ASSERT_EQ(status.groups.size(), 2u);
  ASSERT_TRUE(status.groups[0].activity);
  EXPECT_EQ(status.groups[0].activity->step, 10u);
  EXPECT_EQ(status.groups[0].activity->first_step, 5u);
  EXPECT_EQ(status.groups[0].activity->validation_loss, 0.5);
  EXPECT_EQ(status.groups[0].ranks, (std::vector<int>{0, 1}));
  EXPECT_FALSE(status.groups[1].working);
  EXPECT_FALSE(status.groups[1].activity);
  ASSERT_EQ(status.failures.size(), 1u);
  EXPECT_EQ(status.failures[0].reason, "no memory: \xef\xbf\xbd");  // what is no UTF-8 is replaced
}

TEST(Status, WhatIsNotKnownIsLeftOut) {
  SweepStatus status = sample();
  status.seconds_left.reset();
  status.groups[0].activity->train_loss = std::nullopt;
  const SweepStatus back = parse_status(to_json(status), "status.json");
  EXPECT_FALSE(back.seconds_left);
  EXPECT_FALSE(back.groups[0].activity->train_loss);
}

TEST(Status, WhatIsNoneIsRefusedByName) {
  for (const char* text : {"", "{}", "[1]", "{\"schema\":1}", "{\"schema\":1,\"state\":7}"}) {
    const Outcome refused = outcome([&] { parse_status(text, "RUN/status.json"); });
    EXPECT_EQ(refused.code, ErrorCode::integrity) << text;
    EXPECT_NE(refused.message.find("RUN/status.json"), std::string::npos) << refused.message;
  }
  EXPECT_EQ(outcome([] { parse_status("{\"schema\":99}", "x"); }).code, ErrorCode::usage);
}

TEST(Status, AnActivityTravels) {
  const TrialProgress activity{.trial = "ab", .step = 5, .total_steps = 9, .epochs = 2, .train_loss = 0.1};
  const TrialProgress back = parse_activity(to_json(activity));
  EXPECT_EQ(back.trial, "ab");
  EXPECT_EQ(back.total_steps, 9u);
  EXPECT_EQ(back.train_loss, 0.1);
  EXPECT_FALSE(back.validation_loss);
}

}  // namespace
}  // namespace titrate::study
