#include "titrate/sweep/dispatcher.hpp"

#include <gtest/gtest.h>

#include <set>

namespace titrate::sweep {
namespace {

TEST(Dispatcher, LongestFirstAndStable) {
  const auto queue = longest_first({{"a", 1}, {"b", 5}, {"c", 5}, {"d", 9}});
  std::string order;
  for (const WorkItem& item : queue) order += item.trial;
  EXPECT_EQ(order, "dbca");
}

TEST(Dispatcher, LongTrialsGoAloneAndShortOnesTogether) {
  std::vector<WorkItem> items{{"long", 1000}};
  for (int i = 0; i < 2000; ++i) items.push_back({"s" + std::to_string(i), 1});
  auto queue = longest_first(items);
  EXPECT_EQ(take(queue, 2), std::vector<std::string>{"long"});
  EXPECT_EQ(take(queue, 2).size(), 32u);
}

TEST(Dispatcher, EveryTrialIsHandedOutOnceAndTheEndIsFine) {
  std::vector<WorkItem> items;
  for (int i = 0; i < 500; ++i) items.push_back({std::to_string(i), 1.0 + i % 7});
  auto queue = longest_first(items);
  std::set<std::string> seen;
  std::size_t handed = 0, last = 0;
  while (!queue.empty()) {
    const auto list = take(queue, 4);
    ASSERT_FALSE(list.empty());
    seen.insert(list.begin(), list.end());
    handed += last = list.size();
  }
  EXPECT_EQ(handed, 500u);
  EXPECT_EQ(seen.size(), 500u);
  EXPECT_EQ(last, 1u);
  EXPECT_TRUE(take(queue, 4).empty());
}

}  // namespace
}  // namespace titrate::sweep
