#include "../../../src/prep/plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "fake_plans.hpp"

namespace titrate::prep {
namespace {

using shard::Origin;
using shard::Row;
using shard::Split;

// What is held out counts for nothing.
TEST(PlanSplits, BalancesTrainingAlone) {
  const Recipe recipe =
      fake_recipe({""}, "", "[split]\ntest = 0.5\n[[augment]]\nops = [\"rotate 10\"]\nto = \"largest\"\n");
  std::vector<FakeItem> items = fake_items(20, 1);
  for (std::uint32_t i = 0; i < 8; ++i) items.push_back({.label = 1, .content = 100 + i});
  const Sources sources = sources_of(fake(items));
  const PackPlan plan = plan_of(recipe, sources);
  auto train = counts_of(rows_of(recipe, sources, plan)),
       test = counts_of(rows_of(recipe, sources, plan, Split::test));
  EXPECT_EQ(train,
            (decltype(train){{{0, Origin::real}, 10}, {{1, Origin::real}, 4}, {{1, Origin::augmented}, 6}}));
  EXPECT_EQ(test, (decltype(test){{{0, Origin::real}, 10}, {{1, Origin::real}, 4}}));
}

TEST(PlanSplits, GivesHeldOutImagesChildrenWhereAsked) {
  const std::string split = "[split]\ntest = 0.25\nvalidation = 0.25\n";
  const std::string augments =
      "[[augment]]\nops = [\"rotate 10\"]\ncopies = 3\nheld_out = true\n[[augment]]\nops = [\"shift 1\"]\n";
  const Recipe recipe = fake_recipe({""}, "", split + augments);
  const Sources sources = sources_of(fake(fake_items(16)));
  const PackPlan plan = plan_of(recipe, sources);
  const auto train = rows_of(recipe, sources, plan);
  EXPECT_EQ(train.size(), 8u + 24 + 8);
  for (const Split split_held_out : {Split::validation, Split::test}) {
    const auto rows = rows_of(recipe, sources, plan, split_held_out);
    ASSERT_EQ(rows.size(), 4u + 12);
    for (std::size_t i = 4; i < 16; ++i) {
      EXPECT_EQ(rows[i].parent_id, rows[(i - 4) / 3].sample_id);
      EXPECT_EQ(rows[i].family_id, rows[(i - 4) / 3].family_id);
      EXPECT_EQ(rows[i].operations, 1u);
    }
    for (const std::uint64_t family : families_in(rows)) EXPECT_FALSE(families_in(train).contains(family));
  }
}

// The same of test images that a source has as such.
TEST(PlanSplits, GivesTestImagesOfASourceChildrenWhereAsked) {
  std::vector<FakeItem> items = fake_items(6);
  items[4].split = items[5].split = Split::test;
  const std::string augment = "[[augment]]\nops = [\"rotate 10\"]\n";
  const Sources sources = sources_of(fake(items));
  const Recipe without = fake_recipe({""}, "", augment),
               with = fake_recipe({""}, "", augment + "held_out = true\n");
  EXPECT_EQ(plan_of(without, sources).rows[2].size(), 2u);
  EXPECT_EQ(plan_of(with, sources).rows[2].size(), 4u);
  EXPECT_EQ(plan_of(with, sources).rows[0].size(), 8u);
}

TEST(PlanSplits, HoldsOutWholeFamiliesOfExactlyAShare) {
  // Every image has a twin, and some families are larger; a share of each class is held out all the same.
  std::vector<FakeItem> items;
  for (std::uint32_t i = 0; i < 600; ++i)
    items.push_back({static_cast<std::int32_t>(i / 4 % 2), i / 4 * 2 + i % 2});
  const Recipe recipe = fake_recipe({""}, "", "[split]\ntest = 0.2\n");
  auto source = fake(items);
  for (std::size_t i = 0; i < 600; i += 6) source->kin(i).family = source->kin(i + 1).family = i;
  const Sources sources = sources_of(std::move(source));
  const PackPlan plan = plan_of(recipe, sources);
  const auto train = rows_of(recipe, sources, plan), test = rows_of(recipe, sources, plan, Split::test);
  auto counts = counts_of(test);
  EXPECT_EQ(counts, (decltype(counts){{{0, Origin::real}, 60}, {{1, Origin::real}, 60}}));
  for (const std::uint64_t family : families_in(test)) EXPECT_FALSE(families_in(train).contains(family));
  EXPECT_TRUE(plan.refused.empty());
}

TEST(PlanSplits, ByImageTearsFamilies) {
  const std::string tail = "[[augment]]\nops = [\"rotate 10\"]\ncopies = 4\n[split]\ntest = 0.2\nby = ";
  const Sources sources = sources_of(fake(fake_items(200)), fake(fake_items(10, 2, 1000)));
  for (const bool torn : {false, true}) {
    const Recipe recipe = fake_recipe({"", kSynthetic}, "", tail + (torn ? "\"image\"" : "\"family\""));
    const PackPlan plan = plan_of(recipe, sources);
    const auto train = rows_of(recipe, sources, plan), test = rows_of(recipe, sources, plan, Split::test);
    auto of_test = counts_of(test);
    const std::size_t test_rows = torn ? 200 : 40;
    ASSERT_EQ(test.size(), test_rows);
    EXPECT_EQ(of_test[(std::pair{0, Origin::real})] + of_test[(std::pair{0, Origin::augmented})],
              test_rows / 2);
    EXPECT_EQ(of_test[(std::pair{0, Origin::augmented})] > 0, torn);
    EXPECT_EQ(train.size(), torn ? 800u + 10 : 160u * 5 + 10);
    std::size_t common = 0;
    for (const std::uint64_t family : families_in(test)) common += families_in(train).count(family);
    EXPECT_EQ(common > 100, torn);
    EXPECT_EQ(common == 0, !torn);
    const auto by_origin = [](const Row& a, const Row& b) { return a.origin < b.origin; };
    EXPECT_TRUE(std::is_sorted(train.begin(), train.end(), by_origin));
    EXPECT_TRUE(std::is_sorted(test.begin(), test.end(), by_origin));
  }
}

// One image in two halves, and each half turned round beside it.
TEST(PlanSplits, HoldsOutATenthOfHalvesWithTheirTurnedCopies) {
  const Recipe recipe =
      fake_recipe({""}, "transforms = [\"patches 2 1\"]",
                  "[[augment]]\nops = [\"rotate 180 180\"]\nheld_out = true\n[split]\ntest = 0.1\n");
  const Sources sources = sources_of(fake(fake_items(100)));
  const PackPlan plan = plan_of(recipe, sources);
  const auto train = rows_of(recipe, sources, plan), test = rows_of(recipe, sources, plan, Split::test);
  EXPECT_EQ(train.size(), 360u);
  ASSERT_EQ(test.size(), 40u);
  std::map<std::uint64_t, std::multiset<std::string>> by_family;
  for (const Row& row : test) by_family[row.family_id].insert(plan.operations.texts()[row.operations]);
  ASSERT_EQ(by_family.size(), 10u);
  for (const auto& [family, texts] : by_family) {
    EXPECT_EQ(texts, (std::multiset<std::string>{"[\"patch 0\"]", "[\"patch 1\"]",
                                                 "[\"patch 0\",\"rotate 180 180\"]",
                                                 "[\"patch 1\",\"rotate 180 180\"]"}));
    EXPECT_FALSE(families_in(train).contains(family));
  }
}

// Each synthetic image is made of one real one, but for the last, which equals the first real one.
TEST(PlanSplits, LeavesOutWhatWasMadeOfAHeldOutImage) {
  for (const auto& [transforms, parts] :
       {std::pair{"", 1u}, std::pair{"transforms = [\"patches 2 2\"]", 4u}}) {
    bool equal_left_out = false, equal_kept = false;
    for (int seed = 1; seed <= 8; ++seed) {
      Recipe recipe = fake_recipe({"", kSynthetic}, transforms, "[split]\ntest = 0.4\n");
      recipe.seed = static_cast<std::uint64_t>(seed);
      std::vector<FakeItem> items = fake_items(11, 1, 500);
      items[10].content = 0;
      auto real = fake(fake_items(10, 1), 1), made = fake(items, 1);
      for (std::size_t i = 0; i < 10; ++i) made->kin(i).parents = {std::to_string(i) + ".png"};
      const Sources sources = sources_of(std::move(real), std::move(made));
      const PackPlan plan = plan_of(recipe, sources);
      const auto train = rows_of(recipe, sources, plan), test = rows_of(recipe, sources, plan, Split::test);
      std::set<std::string> expected, found;
      for (const Row& row : test) expected.insert("b: " + row.source_path);
      ASSERT_EQ(expected.size(), 4u);
      const bool equal_is_held_out = expected.contains("b: 0.png");
      if (equal_is_held_out) expected.insert("b: 10.png");
      (equal_is_held_out ? equal_left_out : equal_kept) = true;
      for (const source::Refusal& refusal : plan.refused) {
        EXPECT_TRUE(found.insert(refusal.path).second) << refusal.path << " twice";
        EXPECT_EQ(refusal.why, "it is made of a held-out image, or the same as one");
      }
      EXPECT_EQ(found, expected);
      EXPECT_EQ(test.size(), 4u * parts);
      EXPECT_EQ(train.size(), (6u + 11 - expected.size()) * parts);
      for (const std::uint64_t family : families_in(test)) EXPECT_FALSE(families_in(train).contains(family));
    }
    EXPECT_TRUE(equal_left_out && equal_kept);
  }
}

// Children that a source brings along go where their parents are not, if those leave training.
TEST(PlanSplits, KeepsChildrenOfASourceWithTheirParents) {
  auto source = fake(fake_items(40, 1), 1);
  for (std::size_t i = 20; i < 40; ++i) {
    source->kin(i).parent = i - 20;
    source->kin(i).operations = i % 2 == 0 ? "[\"flip\"]" : "[\"turn\"]";
  }
  const Recipe recipe = fake_recipe({""}, "", "[split]\ntest = 0.25\n");
  const Sources sources = sources_of(std::move(source));
  const PackPlan plan = plan_of(recipe, sources);
  const auto train = rows_of(recipe, sources, plan);
  EXPECT_EQ(plan.rows[2].size(), 5u);  // a quarter of the real ones
  EXPECT_EQ(plan.refused.size(), 5u);
  ASSERT_EQ(train.size(), 30u);
  EXPECT_EQ(plan.operations.texts(), (std::vector<std::string>{"[]", "[\"flip\"]", "[\"turn\"]"}));
  for (std::size_t i = 15; i < 30; ++i) {
    EXPECT_EQ(train[i].origin, Origin::augmented);
    EXPECT_EQ(train[i].parent_id, train[i - 15].sample_id);
    EXPECT_EQ(train[i].family_id, train[i - 15].family_id);
    EXPECT_EQ(train[i].operations, std::stoul(train[i].source_path) % 2 == 0 ? 1u : 2u);
  }
}

}  // namespace
}  // namespace titrate::prep
