#include "../../../src/prep/holdout.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "titrate/core/random.hpp"

namespace titrate::prep {
namespace {

using shard::Split;

// `count` single images, classes in turn; their groups are hashes, as content is.
std::vector<Candidate> singles(std::size_t count, std::int32_t classes, std::uint64_t salt = 1) {
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < count; ++i)
    candidates.push_back({hash_words(i, salt), static_cast<std::int32_t>(i) % classes});
  return candidates;
}

std::size_t count(const std::vector<Candidate>& candidates, const std::vector<Split>& splits, Split split,
                  std::int32_t label) {
  std::size_t found = 0;
  for (std::size_t i = 0; i < splits.size(); ++i)
    found += splits[i] == split && candidates[i].label == label ? 1 : 0;
  return found;
}

std::set<std::uint64_t> groups_in(const std::vector<Candidate>& candidates, const std::vector<Split>& splits,
                                  Split split) {
  std::set<std::uint64_t> groups;
  for (std::size_t i = 0; i < splits.size(); ++i) {
    if (splits[i] == split) groups.insert(candidates[i].group);
  }
  return groups;
}

TEST(HoldOut, TakesTheNearestWholeNumberOfEachClass) {
  std::vector<Candidate> candidates;
  const std::vector<std::size_t> sizes{1, 4, 5, 14, 15, 100, 1001};
  for (std::size_t label = 0; label < sizes.size(); ++label) {
    for (std::size_t i = 0; i < sizes[label]; ++i)
      candidates.push_back({hash_words(label, i), static_cast<std::int32_t>(label)});
  }
  const auto splits = hold_out(candidates, {.test = 0.1, .validation = 0.3}, sizes.size(), 3);
  const std::vector<std::size_t> test{0, 1, 1, 1, 2, 10, 100}, validation{0, 1, 2, 4, 5, 30, 300};
  for (std::int32_t label = 0; label < 7; ++label) {
    const auto c = static_cast<std::size_t>(label);
    EXPECT_EQ(count(candidates, splits, Split::test, label), test[c]) << sizes[c];
    EXPECT_EQ(count(candidates, splits, Split::validation, label), validation[c]) << sizes[c];
  }
  EXPECT_EQ(hold_out(candidates, {}, sizes.size(), 3), std::vector<Split>(candidates.size(), Split::train));
}

TEST(HoldOut, KeepsGroupsWhole) {
  std::vector<Candidate> candidates;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const std::uint64_t family = i / (1 + i % 3);  // of several sizes
    candidates.push_back({hash_words(family, 5), static_cast<std::int32_t>(family % 4)});
  }
  const auto splits = hold_out(candidates, {.test = 0.2, .validation = 0.1}, 4, 9);
  std::map<std::uint64_t, Split> side;
  for (std::size_t i = 0; i < splits.size(); ++i)
    EXPECT_EQ(side.emplace(candidates[i].group, splits[i]).first->second, splits[i]);
  std::vector<std::size_t> images(4);
  for (const Candidate& candidate : candidates) ++images[static_cast<std::size_t>(candidate.label)];
  // Single images fill up what larger groups leave.
  for (std::int32_t label = 0; label < 4; ++label) {
    const double all = static_cast<double>(images[static_cast<std::size_t>(label)]);
    EXPECT_NEAR(static_cast<double>(count(candidates, splits, Split::test, label)), 0.2 * all, 1);
    EXPECT_NEAR(static_cast<double>(count(candidates, splits, Split::validation, label)), 0.1 * all, 1);
  }
}

TEST(HoldOut, PassesOverAGroupThatIsLargerThanTheShare) {
  std::vector<Candidate> candidates(40, {.group = 1});  // forty of fifty images are one family
  for (std::uint64_t i = 0; i < 10; ++i) candidates.push_back({hash_words(i), 0});
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const auto splits = hold_out(candidates, {.test = 0.1, .validation = 0.04}, 1, seed);
    EXPECT_EQ(count(candidates, splits, Split::test, 0), 5u);
    EXPECT_EQ(count(candidates, splits, Split::validation, 0), 2u);
    EXPECT_EQ(splits[0], Split::train);
  }
  // One group stays for training, whatever the share.
  EXPECT_EQ(groups_in(candidates, hold_out(candidates, {.test = 1}, 1, 1), Split::train).size(), 1u);
}

TEST(HoldOut, CountsAMixedGroupForTheClassThatMostOfItHas) {
  // A family of two 1s and one 0, and singles of both.
  std::vector<Candidate> candidates{{1, 0}, {1, 1}, {1, 1}, {2, 0}, {3, 1}, {4, 0}};
  bool taken = false;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto splits =
        hold_out(candidates, {.test = 0.9}, 2, seed);  // 2.7 -> 3 of the 0s, 2.7 -> 3 of the 1s
    EXPECT_NE(splits[3], splits[5]);                   // of the two groups of class 0 one stays
    EXPECT_EQ(splits[0], splits[1]);
    EXPECT_EQ(splits[1], splits[2]);
    EXPECT_NE(splits[4], splits[0]);  // three of class 1, not four
    taken = taken || splits[0] == Split::test;
  }
  EXPECT_TRUE(taken);
}

TEST(HoldOut, FollowsTheSeedAndNothingElse) {
  std::vector<Candidate> candidates = singles(2000, 10);
  const auto one = groups_in(candidates, hold_out(candidates, {.test = 0.5}, 10, 1), Split::test);
  const auto two = groups_in(candidates, hold_out(candidates, {.test = 0.5}, 10, 2), Split::test);
  std::size_t common = 0;
  for (const std::uint64_t group : one) common += two.count(group);
  EXPECT_NEAR(static_cast<double>(common), 500, 70);  // as by chance: 4.5 deviations
  std::reverse(candidates.begin(), candidates.end());
  EXPECT_EQ(groups_in(candidates, hold_out(candidates, {.test = 0.5}, 10, 1), Split::test), one);
}

// One class more or less, whatever its number of images, moves nobody of the others.
TEST(HoldOut, TreatsEachClassAlone) {
  const std::vector<Candidate> all = singles(1000, 5);
  std::vector<Candidate> some;
  for (const Candidate& candidate : all) {
    if (candidate.label != 2) some.push_back(candidate);
  }
  const auto before = groups_in(all, hold_out(all, {.test = 0.2}, 5, 1), Split::test);
  for (const std::uint64_t group : groups_in(some, hold_out(some, {.test = 0.2}, 5, 1), Split::test))
    EXPECT_TRUE(before.contains(group));
}

TEST(HoldOut, MovesOldImagesOnlyByTheCutWhenOthersJoin) {
  std::size_t moved = 0, old = 0, left_test = 0, joined_test = 0;
  for (std::uint64_t salt = 0; salt < 10; ++salt) {
    const std::vector<Candidate> before = singles(10'000, 10, salt);
    std::vector<Candidate> after = before;
    for (const Candidate& candidate : singles(1'000, 10, salt + 1000)) after.push_back(candidate);
    const auto first = hold_out(before, {.test = 0.1, .validation = 0.1}, 10, 7);
    const auto second = hold_out(after, {.test = 0.1, .validation = 0.1}, 10, 7);
    std::vector<bool> left(10), joined(10);
    for (std::size_t i = 0; i < before.size(); ++i) {
      moved += first[i] != second[i] ? 1 : 0;
      const auto label = static_cast<std::size_t>(before[i].label);
      if (first[i] == Split::test && second[i] != Split::test) left[label] = true;
      if (first[i] != Split::test && second[i] == Split::test) joined[label] = true;
    }
    // The cut of a class moves one way: its old test images lose some or win some, not both.
    for (std::size_t label = 0; label < 10; ++label) {
      EXPECT_FALSE(left[label] && joined[label]);
      left_test += left[label] ? 1 : 0;
      joined_test += joined[label] ? 1 : 0;
    }
    old += before.size();
  }
  EXPECT_GT(left_test + joined_test, 0u);
  EXPECT_LT(static_cast<double>(moved), 0.02 * static_cast<double>(old)) << moved << " of " << old;
}

TEST(HoldOut, OfASmallerShareIsPartOfThatOfALargerOne) {
  const std::vector<Candidate> candidates = singles(3000, 3);
  std::set<std::uint64_t> smaller;
  for (const double share : {0.05, 0.1, 0.25, 0.5, 0.9}) {
    const auto splits = hold_out(candidates, {.test = share}, 3, 2);
    const auto larger = groups_in(candidates, splits, Split::test);
    EXPECT_EQ(larger.size(), static_cast<std::size_t>(share * 3000 + 0.5));
    EXPECT_TRUE(std::includes(larger.begin(), larger.end(), smaller.begin(), smaller.end()));
    smaller = larger;
  }
  // Validation images beside them take none away.
  const auto beside = hold_out(candidates, {.test = 0.9, .validation = 0.1}, 3, 2);
  EXPECT_EQ(groups_in(candidates, beside, Split::test), smaller);
  EXPECT_EQ(groups_in(candidates, beside, Split::train).size(), 3u);  // one of each class stays
}

}  // namespace
}  // namespace titrate::prep
