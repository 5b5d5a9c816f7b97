#include "../../../src/prep/plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "fake_plans.hpp"
#include "support/outcome.hpp"

namespace titrate::prep {
namespace {

using shard::Origin;
using shard::Row;
using shard::Split;

std::string refusal_of(const Recipe& recipe, const Sources& sources) {
  const Outcome found = outcome([&] { plan_of(recipe, sources); });
  EXPECT_EQ(found.code, ErrorCode::usage) << found.message;
  return found.message;
}

constexpr const char* kTwoAugments =
    "[[augment]]\nops = [\"rotate 10\"]\ncopies = 2\n[[augment]]\nops = [\"shift 1\"]\n";

TEST(SampleId, DependsOnWhereTheImageLiesAlone) {
  const source::Item item{.label = 1, .row = 5, .path = "a"};
  source::Item same = item;
  same.label = 2;
  same.split = shard::Split::test;
  EXPECT_EQ(sample_id("s", item), sample_id("s", same));
  EXPECT_NE(sample_id("s", item), sample_id("t", item));
  EXPECT_NE(sample_id("sa", {.row = 5, .path = ""}), sample_id("s", item));
  EXPECT_NE(sample_id("s", {.row = 6, .path = "a"}), sample_id("s", item));
}

TEST(PackPlan, PutsRealImagesBeforeTheirChildrenAndSyntheticOnesLast) {
  const Recipe recipe = fake_recipe({kSynthetic, "", ""}, "", kTwoAugments);
  const Sources sources =
      sources_of(fake(fake_items(3, 2, 100)), fake(fake_items(4)), fake(fake_items(2, 2, 50)));
  const PackPlan plan = plan_of(recipe, sources);
  const std::vector<Row> rows = rows_of(recipe, sources, plan);
  ASSERT_EQ(rows.size(), 6u + 12 + 6 + 3);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& parent = i < 6 || i >= 24 ? rows[i] : rows[i < 18 ? (i - 6) / 2 : i - 18];
    EXPECT_EQ(rows[i].parent_id, parent.sample_id);
    EXPECT_EQ(rows[i].label, parent.label);
    EXPECT_EQ(rows[i].origin, i < 6 ? Origin::real : i < 24 ? Origin::augmented : Origin::synthetic);
    EXPECT_EQ(rows[i].source, i >= 24 ? 0u : parent.source);
    EXPECT_EQ(plan.operations.texts()[rows[i].operations], i < 6 || i >= 24 ? "[]"
                                                           : i < 18         ? "[\"rotate 10\"]"
                                                                            : "[\"shift 1\"]");
  }
  EXPECT_EQ(rows[4].source, 2u);
  EXPECT_EQ(rows[5].source_path, "1.png");
  EXPECT_TRUE(plan.rows[1].empty() && plan.rows[2].empty());
}

// 7, 3 and 1 real images; the second source has no say.
std::vector<FakeItem> unequal() {
  std::vector<FakeItem> items;
  for (const std::int32_t label : {0, 1, 0, 2, 0, 0, 1, 0, 1, 0, 0})
    items.push_back({.label = label, .content = static_cast<std::uint32_t>(items.size())});
  return items;
}

TEST(PackPlan, BringsClassesToANumber) {
  const Recipe recipe = fake_recipe({"", kSynthetic}, "", "[[augment]]\nops = [\"rotate 10\"]\nto = 5\n");
  const Sources sources = sources_of(fake(unequal(), 3), fake(fake_items(30, 3, 100), 3));
  const std::vector<Row> rows = rows_of(recipe, sources, plan_of(recipe, sources));
  auto counts = counts_of(rows);
  EXPECT_EQ(counts, (decltype(counts){{{0, Origin::real}, 7},
                                      {{0, Origin::synthetic}, 10},
                                      {{1, Origin::real}, 3},
                                      {{1, Origin::augmented}, 2},
                                      {{1, Origin::synthetic}, 10},
                                      {{2, Origin::real}, 1},
                                      {{2, Origin::augmented}, 4},
                                      {{2, Origin::synthetic}, 10}}));
  // The first parents of a class get the odd ones.
  std::map<std::uint64_t, std::size_t> children;
  for (const Row& row : rows) children[row.parent_id] += row.origin == Origin::augmented ? 1 : 0;
  EXPECT_EQ(children[rows[1].sample_id], 1u);
  EXPECT_EQ(children[rows[6].sample_id], 1u);
  EXPECT_EQ(children[rows[8].sample_id], 0u);
  EXPECT_EQ(children[rows[3].sample_id], 4u);
}

TEST(PackPlan, BringsClassesToTheLargestWithWhatOtherAugmentsMade) {
  const Recipe recipe = fake_recipe(
      {""}, "", "[[augment]]\nops = [\"shift 1\"]\n[[augment]]\nops = [\"rotate 10\"]\nto = \"largest\"\n");
  const Sources sources = sources_of(fake(unequal(), 3));
  const auto rows = rows_of(recipe, sources, plan_of(recipe, sources));
  std::map<std::int32_t, std::size_t> images;
  for (const Row& row : rows) ++images[row.label];
  EXPECT_EQ(images, (decltype(images){{0, 14}, {1, 14}, {2, 14}}));
  EXPECT_EQ(std::ranges::count_if(rows, [](const Row& row) { return row.operations == 2; }), 8 + 12);
}

TEST(PackPlan, NamesEachPatchAndKeepsItInItsFamily) {
  const Recipe recipe = fake_recipe({"transforms = [\"patches 2 2\"]", ""}, "", kTwoAugments);
  const Sources sources = sources_of(fake(fake_items(6)), fake({{.content = 77, .shape = {2, 2, 1}}}));
  const PackPlan plan = plan_of(recipe, sources);
  EXPECT_EQ(plan.shape, (image::Shape{2, 2, 1}));
  const auto rows = rows_of(recipe, sources, plan);
  ASSERT_EQ(rows.size(), 25u * 4);
  std::set<std::uint64_t> ids;
  for (const Row& row : rows) ids.insert(row.sample_id);
  EXPECT_EQ(ids.size(), rows.size());
  EXPECT_EQ(families_in(rows).size(), 7u);
  const auto& texts = plan.operations.texts();
  for (std::size_t i = 0; i < 24; ++i) {
    EXPECT_EQ(rows[i].family_id, rows[i / 4 * 4].family_id);
    const std::string patch = "[\"patch " + std::to_string(i % 4) + '"';
    EXPECT_EQ(texts[rows[i].operations], patch + "]");
    EXPECT_EQ(texts[rows[25 + 2 * i].operations], patch + ",\"rotate 10\"]");
    EXPECT_EQ(texts[rows[26 + 2 * i].operations], patch + ",\"rotate 10\"]");
    EXPECT_EQ(texts[rows[75 + i].operations], patch + ",\"shift 1\"]");
    EXPECT_EQ(rows[26 + 2 * i].parent_id, rows[i].sample_id);
    EXPECT_EQ(rows[75 + i].family_id, rows[i].family_id);
  }
  // Of an image that is not cut nothing of the kind is said.
  EXPECT_EQ(texts[rows[24].operations], "[]");
  EXPECT_EQ(texts[rows[99].operations], "[\"shift 1\"]");
}

TEST(PackPlan, RefusesShapesThatDiffer) {
  const Sources two = sources_of(fake(fake_items(2)), fake({{.content = 7, .shape = {4, 4, 3}}}));
  EXPECT_EQ(
      refusal_of(fake_recipe({"", ""}), two),
      "b: 0.png: the image has another shape than a: 0.png; expected 4 x 4 x 1, got 4 x 4 x 3; bring all "
      "to one with transforms = [\"rgb\"] (or [\"grey\"]); without a recipe: --set 'transforms=[\"rgb\"]'");
  std::vector<FakeItem> items = fake_items(4);
  items[2].shape = {5, 4, 1};
  const Sources one = sources_of(fake(items));
  const std::string message = refusal_of(fake_recipe({""}), one);
  EXPECT_NE(message.find("a: 2.png: the image has another shape than a: 0.png"), std::string::npos);
  EXPECT_NE(message.find("transforms = [\"rgb\", \"resize 64\"]"), std::string::npos) << message;
  const PackPlan plan = plan_of(fake_recipe({"", ""}, "transforms = [\"rgb\", \"resize 3\"]"), two);
  EXPECT_EQ(plan.shape, (image::Shape{3, 3, 3}));
}

TEST(PackPlan, RefusesSyntheticImagesThatNobodyMade) {
  auto mixed = fake(fake_items(6));
  mixed->change().parts = {{}, {.name = "made", .origin = Origin::synthetic}};
  mixed->change().items[3].part = 1;
  const Sources sources = sources_of(std::move(mixed));
  const std::string message = refusal_of(fake_recipe({""}), sources);
  EXPECT_NE(message.find("its synthetic images (a/made) do not say what made them"), std::string::npos)
      << message;
}

// A part that no image is of is no source of the dataset.
TEST(PackPlan, NamesNoPartThatIsEmpty) {
  auto mixed = fake(fake_items(6));
  mixed->change().parts = {{}, {.name = "camera"}};
  for (std::size_t i = 0; i < 6; ++i) mixed->change().items[i].part = 1;
  const Sources sources = sources_of(std::move(mixed));
  const Recipe recipe = fake_recipe({""});
  const PackPlan plan = plan_of(recipe, sources);
  ASSERT_EQ(plan.sources.size(), 1u);
  EXPECT_EQ(plan.sources[0].name, "a/camera");
  EXPECT_EQ(make_row(recipe, sources, plan, plan.rows[0][0]).source, 0u);
}

TEST(PackPlan, NamesEachPartOfASource) {
  const Recipe recipe = fake_recipe({"licence = \"CC0\"", ""});
  auto mixed = fake(fake_items(6));
  mixed->change().parts = {{.name = "camera", .origin = Origin::real},
                           {.name = "gan", .origin = Origin::synthetic, .generator = "g", .trained_on = "9"}};
  for (const std::size_t item : {1u, 3u, 4u}) mixed->change().items[item].part = 1;
  const Sources sources = sources_of(std::move(mixed), fake(fake_items(2, 2, 100)));
  const PackPlan plan = plan_of(recipe, sources);
  ASSERT_EQ(plan.sources.size(), 3u);
  EXPECT_EQ(plan.sources[0].name, "a/camera");
  EXPECT_EQ(plan.sources[1].name, "a/gan");
  EXPECT_EQ(plan.sources[1].generator, "g");
  EXPECT_EQ(plan.sources[1].trained_on, "9");
  EXPECT_EQ(plan.sources[1].licence, "CC0");
  EXPECT_EQ(plan.sources[2].name, "b");
  std::vector<std::uint32_t> parts;
  std::vector<Origin> origins;
  for (const Row& row : rows_of(recipe, sources, plan)) {
    parts.push_back(row.source);
    origins.push_back(row.origin);
  }
  EXPECT_EQ(parts, (std::vector<std::uint32_t>{0, 0, 0, 2, 2, 1, 1, 1}));
  EXPECT_EQ(std::ranges::count(origins, Origin::synthetic), 3);
}

TEST(PackPlan, RefusesSplitsThatASourceHasAlready) {
  std::vector<FakeItem> items = fake_items(6);
  items[5].split = Split::test;
  const Sources sources = sources_of(fake(items));
  EXPECT_NE(refusal_of(fake_recipe({""}, "", "[split]\ntest = 0.5\n"), sources)
                .find("source a has test images of its own; take its training images alone with split"),
            std::string::npos);
  const PackPlan plan = plan_of(fake_recipe({""}, "", "[split]\nvalidation = 0.4\n"), sources);
  EXPECT_EQ(plan.rows[0].size(), 3u);
  EXPECT_EQ(plan.rows[1].size(), 2u);
  EXPECT_EQ(plan.rows[2].size(), 1u);
}

TEST(PackPlan, RefusesWhatNobodyCouldTrainOn) {
  EXPECT_NE(refusal_of(fake_recipe({kSynthetic}), sources_of(fake(fake_items(4))))
                .find("there is no real training image"),
            std::string::npos);
  EXPECT_NE(refusal_of(fake_recipe({""}), sources_of(fake(fake_items(4, 2), 3)))
                .find("class \"c2\" has no training image"),
            std::string::npos);
  EXPECT_NE(refusal_of(fake_recipe({"", ""}), sources_of(fake(fake_items(4)), fake(fake_items(3, 3, 50), 3)))
                .find("the classes are not those of source a; expected c0, c1, got c0, c1, c2"),
            std::string::npos);
  std::vector<FakeItem> twins = fake_items(4);
  twins[3].path = "0.png";
  EXPECT_NE(refusal_of(fake_recipe({""}), sources_of(fake(twins))).find("two images have the same id"),
            std::string::npos);
  std::vector<FakeItem> items = fake_items(4);
  items[3].split = Split::test;
  EXPECT_NE(refusal_of(fake_recipe({kSynthetic, ""}), sources_of(fake(items), fake(fake_items(2, 2, 50))))
                .find("synthetic images of the test split"),
            std::string::npos);
}

TEST(PackPlan, CountsShards) {
  const Sources sources = sources_of(fake(fake_items(100)));
  EXPECT_EQ(plan_of(fake_recipe({""}), sources).shard_counts, (std::array<std::uint32_t, 3>{1, 0, 0}));
  EXPECT_EQ(plan_of(fake_recipe({""}, "shards = 100"), sources).shard_counts[0], 100u);
  EXPECT_NE(refusal_of(fake_recipe({""}, "shards = 101"), sources).find("expected at most 100, got 101"),
            std::string::npos);
  const std::vector<FakeItem> large(7, {.shape = {600, 600, 1}});
  std::vector<FakeItem> items = large;
  for (std::uint32_t i = 0; i < 7; ++i)
    items[i] = {static_cast<std::int32_t>(i % 2), i, "", Split::train, {600, 600, 1}};
  EXPECT_EQ(plan_of(fake_recipe({""}, "shard_megabytes = 1"), sources_of(fake(items))).shard_counts[0], 4u);
}

}  // namespace
}  // namespace titrate::prep
