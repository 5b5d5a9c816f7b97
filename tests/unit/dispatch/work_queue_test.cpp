#include "../../../src/dispatch/work_queue.hpp"

#include <gtest/gtest.h>

#include <set>

namespace titrate::dispatch {
namespace {

std::vector<PlannedJob> trials_of(int width, double seconds, std::size_t count) {
  return std::vector<PlannedJob>(count, {.seconds = seconds, .most_ranks = width, .width = width});
}

TEST(WorkQueue, LongTrialsGoAloneAndShortOnesTogether) {
  std::vector<PlannedJob> trials = trials_of(1, 1, 2001);
  trials[0].seconds = 1000;
  WorkQueue queue(trials, 2);
  EXPECT_EQ(queue.take(1), std::vector<std::size_t>{0});
  const std::vector<std::size_t> list = queue.take(1);
  ASSERT_EQ(list.size(), 32u);
  EXPECT_EQ(list.front(), 1u);
  EXPECT_EQ(list.back(), 32u);
}

// 410 trials for two groups of four.
TEST(WorkQueue, AListOfAGroupIsAnEighthOfItsShare) {
  const std::vector<PlannedJob> trials(410, {.seconds = 1, .most_ranks = 4, .width = 4});
  WorkQueue queue(trials, 8);
  EXPECT_EQ(queue.take(4).size(), 25u);  // of 25.6
}

// 400 seconds for 5 ranks: an eighth of 80 each.
TEST(WorkQueue, AListIsAnEighthOfARanksShare) {
  const std::vector<PlannedJob> trials = trials_of(1, 1, 400);
  WorkQueue queue(trials, 5);
  EXPECT_EQ(queue.take(1).size(), 10u);
  EXPECT_EQ(queue.take(1).size(), 9u);  // of 390
}

TEST(WorkQueue, EveryTrialIsHandedOutOnceAndTheEndIsFine) {
  std::vector<PlannedJob> trials;
  for (int i = 0; i < 500; ++i) trials.push_back({.seconds = 8.0 - i / 64});
  WorkQueue queue(trials, 4);
  std::vector<std::size_t> order;
  std::size_t last = 0;
  for (auto list = queue.take(1); !list.empty(); list = queue.take(1)) {
    order.insert(order.end(), list.begin(), list.end());
    last = list.size();
  }
  ASSERT_EQ(order.size(), 500u);
  for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], i);
  EXPECT_EQ(last, 1u);
}

TEST(WorkQueue, AGroupTakesTrialsOfItsWidthAlone) {
  std::vector<PlannedJob> trials = trials_of(4, 100, 2);
  const std::vector<PlannedJob> single = trials_of(1, 50, 3);
  trials.insert(trials.end(), single.begin(), single.end());
  WorkQueue queue(trials, 8);
  EXPECT_EQ(queue.take(1), std::vector<std::size_t>{2});
  EXPECT_EQ(queue.take(4), std::vector<std::size_t>{0});
  EXPECT_TRUE(queue.take(2).empty());
  EXPECT_EQ(queue.take(4), std::vector<std::size_t>{1});
  EXPECT_TRUE(queue.take(4).empty());
  EXPECT_EQ(queue.take(1), std::vector<std::size_t>{3});
  queue.clear();
  EXPECT_TRUE(queue.take(1).empty());
}

}  // namespace
}  // namespace titrate::dispatch
