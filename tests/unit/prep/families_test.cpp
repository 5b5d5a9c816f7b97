#include "../../../src/prep/families.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "../../../src/prep/survey.hpp"
#include "fake_source.hpp"
#include "support/outcome.hpp"

namespace titrate::prep {
namespace {

Families orphans_of(const Recipe& recipe, const Sources& sources) {
  const Survey survey = survey_images(recipe, sources, 2, [](std::size_t) {});
  return find_families(recipe, sources, list_images(recipe, sources), survey);
}

std::vector<std::uint64_t> families_of(const Recipe& recipe, const Sources& sources) {
  return orphans_of(recipe, sources).of;
}

// Each image by the first one that is of its family.
std::vector<std::size_t> groups_of(const std::vector<std::uint64_t>& families) {
  std::vector<std::size_t> groups;
  for (const std::uint64_t family : families)
    groups.push_back(
        static_cast<std::size_t>(std::find(families.begin(), families.end(), family) - families.begin()));
  return groups;
}

using Groups = std::vector<std::size_t>;

TEST(Families, OfUnrelatedImagesAreTheirContent) {
  const Recipe recipe = fake_recipe({""});
  const Sources sources = sources_of(fake(fake_items(5)));
  const Survey survey = survey_images(recipe, sources, 1, [](std::size_t) {});
  EXPECT_EQ(find_families(recipe, sources, list_images(recipe, sources), survey).of, survey.content);
  EXPECT_EQ(groups_of(survey.content), (Groups{0, 1, 2, 3, 4}));
}

TEST(Families, AreOfTheSamePixelsInAnySource) {
  const Recipe recipe = fake_recipe({"", ""});
  const Sources sources = sources_of(fake({{0, 1}, {1, 2}, {0, 1}}), fake({{1, 2}, {0, 9}}));
  EXPECT_EQ(groups_of(families_of(recipe, sources)), (Groups{0, 1, 0, 1, 4}));
}

TEST(Families, HoldThePartsOfAnItemTogether) {
  const Recipe recipe = fake_recipe({"transforms = [\"patches 2 2\"]", ""});
  // The second source has whole images of the shape of a patch.
  const Sources sources = sources_of(fake(fake_items(2)), fake({{.content = 7, .shape = {2, 2, 1}}}));
  EXPECT_EQ(groups_of(families_of(recipe, sources)), (Groups{0, 0, 0, 0, 4, 4, 4, 4, 8}));
}

TEST(Families, AreWhatTheirSourceSays) {
  const Recipe recipe = fake_recipe({"", ""});
  auto a = fake(fake_items(4)), b = fake(fake_items(3, 2, 100));
  a->kin(1).family = 5;
  a->kin(3).family = 5;
  a->kin(2).parent = 0;
  b->kin(0).family = 5;  // numbers of one source say nothing of another
  b->kin(2).family = 6;
  EXPECT_EQ(groups_of(families_of(recipe, sources_of(std::move(a), std::move(b)))),
            (Groups{0, 1, 0, 1, 4, 5, 6}));
}

TEST(Families, FollowAGeneratorToAllItsParents) {
  const Recipe recipe = fake_recipe({"", kSynthetic});
  auto real = fake(fake_items(4)), made = fake(fake_items(3, 2, 100));
  made->kin(0).parents = {"1.png"};
  made->kin(1).parents = {"0.png", "3.png"};
  EXPECT_EQ(groups_of(families_of(recipe, sources_of(std::move(real), std::move(made)))),
            (Groups{0, 1, 2, 0, 1, 0, 6}));
}

// Generators often call their images as those that they start from.
TEST(Families, FindParentsThatHaveTheNameOfTheirChildren) {
  for (const bool made_first : {false, true}) {
    auto real = fake(fake_items(3)), made = fake(fake_items(3, 2, 100));
    made->kin(0).parents = {"2.png"};
    made->kin(1).parents = {"1.png"};
    made->kin(2).parents = {"0.png"};
    Recipe recipe = fake_recipe({"", kSynthetic});
    if (made_first) std::swap(recipe.sources[0], recipe.sources[1]);
    if (made_first) std::swap(real, made);
    EXPECT_EQ(groups_of(families_of(recipe, sources_of(std::move(real), std::move(made)))),
              (Groups{0, 1, 2, 2, 1, 0}));
  }
}

// Which of them it was, nobody knows: it must not be the wrong one.
TEST(Families, TakeEveryRealImageThatAParentMayBe) {
  auto a = fake(fake_items(2)), b = fake(fake_items(2, 2, 50)), made = fake(fake_items(1, 2, 100));
  made->kin(0).parents = {"1.png"};
  EXPECT_EQ(groups_of(families_of(fake_recipe({"", "", kSynthetic}),
                                  sources_of(std::move(a), std::move(b), std::move(made)))),
            (Groups{0, 1, 2, 1, 1}));
}

TEST(Families, FollowImagesThatWereMadeOfMadeOnes) {
  auto real = fake(fake_items(2)), made = fake({{0, 50, "m0"}, {0, 51, "m1"}, {0, 52, "m2"}});
  made->kin(0).parents = {"1.png"};
  made->kin(1).parents = {"m0"};
  made->kin(2).parents = {"m1"};
  EXPECT_EQ(
      groups_of(families_of(fake_recipe({"", kSynthetic}), sources_of(std::move(real), std::move(made)))),
      (Groups{0, 1, 1, 1, 1}));
}

// a0 = a1 in pixels, a1 -> a2 a child, a2 = b0 in pixels, b0 and b1 of one family, b2 made of a3 and of b1's
// twin a4.
TEST(Families, AreTransitive) {
  auto a = fake({{0, 1}, {0, 1}, {0, 2}, {0, 3}, {0, 4}, {1, 5}});
  auto b = fake({{0, 2, "b0"}, {0, 4, "b1"}, {0, 60, "b2"}});
  a->kin(2).parent = 1;
  b->kin(0).family = b->kin(1).family = 77;
  b->kin(2).parents = {"3.png", "4.png"};
  const auto families = families_of(fake_recipe({"", kSynthetic}), sources_of(std::move(a), std::move(b)));
  EXPECT_EQ(groups_of(families), (Groups{0, 0, 0, 0, 0, 5, 0, 0, 0}));
}

TEST(Families, AreCalledAfterTheSmallestContentInThem) {
  const Recipe recipe = fake_recipe({""});
  auto source = fake(fake_items(6));
  for (const std::size_t item : {0u, 2u, 5u}) source->kin(item).family = 1;
  const Sources sources = sources_of(std::move(source));
  const Survey survey = survey_images(recipe, sources, 1, [](std::size_t) {});
  const auto families = find_families(recipe, sources, list_images(recipe, sources), survey).of;
  EXPECT_EQ(families[0], std::min({survey.content[0], survey.content[2], survey.content[5]}));
  EXPECT_EQ(families[5], families[0]);
  EXPECT_EQ(families[1], survey.content[1]);
}

// What cannot be read still ties together what it is related to.
TEST(Families, PassThroughImagesThatCannotBeRead) {
  const Recipe recipe = fake_recipe({""});
  auto source = fake(fake_items(5));
  source->kin(0).family = source->kin(1).family = 1;
  source->kin(2).parent = 1;
  source->damaged = {1, 3, 4};
  const Sources sources = sources_of(std::move(source));
  const Survey survey = survey_images(recipe, sources, 1, [](std::size_t) {});
  EXPECT_EQ(survey.content[1], 0u);
  EXPECT_EQ(survey.refused.size(), 3u);
  const auto families = find_families(recipe, sources, list_images(recipe, sources), survey).of;
  EXPECT_EQ(families[0], families[2]);
  EXPECT_NE(families[0], 0u);
}

TEST(Families, LeaveOutAChildOfAParentThatNobodyHas) {
  auto real = fake(fake_items(2)), made = fake({{0, 9, "made/0.png"}});
  made->kin(0).parents = {"0.png", "gone.png"};
  const Sources sources = sources_of(std::move(real), std::move(made));
  const Families found = orphans_of(fake_recipe({"", kSynthetic}), sources);
  ASSERT_EQ(found.orphans.size(), 1u);
  EXPECT_NE(found.orphans[0].path.find("made/0.png"), std::string::npos);
  EXPECT_EQ(found.orphans[0].why, "its sidecar names a parent that no source has: gone.png");
  EXPECT_EQ(found.orphan_images, std::vector<std::size_t>{2});
  // Nor is an image a parent of itself.
  auto self = fake({{0, 1, "only.png"}});
  self->kin(0).parents = {"only.png"};
  EXPECT_EQ(orphans_of(fake_recipe({""}), sources_of(std::move(self))).orphans.size(), 1u);
}

// It is in the quarantine already: no reason to refuse all others.
TEST(Families, KnowParentsThatWereRefusedAtOpening) {
  auto real = fake(fake_items(2)), made = fake({{0, 100, "m0"}, {1, 101, "m1"}});
  real->change().refused.push_back({"broken.png", "it is torn"});
  made->kin(0).parents = {"broken.png", "1.png"};
  EXPECT_EQ(
      groups_of(families_of(fake_recipe({"", kSynthetic}), sources_of(std::move(real), std::move(made)))),
      (Groups{0, 1, 1, 3}));
}

TEST(Survey, DependsOnNoNumberOfThreads) {
  const Recipe recipe = fake_recipe({"transforms = [\"patches 1 2\"]", ""});
  auto a = fake(fake_items(1000)), b = fake(std::vector<FakeItem>(3, {.content = 1, .shape = {4, 2, 1}}));
  a->damaged = {0, 255, 256, 999};
  const Sources sources = sources_of(std::move(a), std::move(b));
  std::size_t told = 0;
  const Survey one = survey_images(recipe, sources, 1, [&](std::size_t images) { told += images; });
  const Survey five = survey_images(recipe, sources, 5, [](std::size_t) {});
  EXPECT_EQ(told, 2003u);
  EXPECT_EQ(one.content, five.content);
  ASSERT_EQ(one.refused.size(), 4u);  // each once, though it has two parts
  ASSERT_EQ(five.refused.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(one.refused[i].path, five.refused[i].path);
  EXPECT_EQ(one.refused[1].path, "a: 255.png");
  EXPECT_EQ(one.refused[1].why, "it is torn");
}

}  // namespace
}  // namespace titrate::prep
