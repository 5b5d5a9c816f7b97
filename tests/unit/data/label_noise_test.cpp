#include "titrate/data/label_noise.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "support/make_dataset.hpp"
#include "titrate/core/error.hpp"

namespace titrate::data {
namespace {

const test::LoadedDataset& small() {
  static const test::LoadedDataset dataset = test::make_dataset(test::random_content(
      {2, 2, 1}, std::vector<test::ClassSize>(5, {.real = 60, .copies = 2, .synthetic = 30, .test = 10})));
  return dataset;
}

// 250 of the 300 real images, 50 of which are held out, 125 synthetic ones, 400 children.
const Selection& chosen() {
  static const Selection selection = select(
      *small(),
      {.size = 250, .synthetic_ratio = 0.5, .augmented_copies = 2, .validation_fraction = 0.2, .seed = 3});
  return selection;
}

constexpr std::uint64_t kSeed = 21;

std::vector<std::int32_t> noisy(const LabelNoise& noise, std::uint64_t seed = kSeed) {
  return noisy_labels(*small(), chosen(), noise, seed);
}

std::set<std::uint32_t> changed_among(const std::vector<std::int32_t>& labels,
                                      const std::vector<std::uint32_t>& rows) {
  std::set<std::uint32_t> changed;
  for (const std::uint32_t row : rows)
    if (labels[row] != small()->catalog().label[row]) changed.insert(row);
  return changed;
}

// The rows whose labels may be wrong of themselves.
std::vector<std::uint32_t> independent_rows() {
  std::vector<std::uint32_t> rows = chosen().real;
  rows.insert(rows.end(), chosen().synthetic.begin(), chosen().synthetic.end());
  rows.insert(rows.end(), chosen().validation.begin(), chosen().validation.end());
  return rows;
}

TEST(NoisyLabels, AnExactShareIsWrong) {
  ASSERT_EQ(independent_rows().size(), 375u);
  for (const double share : {0.0, 0.001, 0.1, 0.3, 0.5, 0.999, 1.0}) {
    const auto expected = static_cast<std::size_t>(std::lround(share * 375));
    EXPECT_EQ(changed_among(noisy({.share = share}), independent_rows()).size(), expected) << share;
  }
}

TEST(NoisyLabels, ReachEveryOriginAndTheValidationImages) {
  const std::vector<std::int32_t> labels = noisy({.share = 0.4});
  EXPECT_NEAR(static_cast<double>(changed_among(labels, chosen().real).size()), 80, 20);
  EXPECT_NEAR(static_cast<double>(changed_among(labels, chosen().synthetic).size()), 50, 16);
  EXPECT_NEAR(static_cast<double>(changed_among(labels, chosen().validation).size()), 20, 11);
}

TEST(NoisyLabels, AHigherShareContainsTheLower) {
  std::vector<std::int32_t> before = noisy({.share = 0});
  for (const double share : {0.05, 0.1, 0.4, 0.8}) {
    const std::vector<std::int32_t> labels = noisy({.share = share});
    for (const std::uint32_t row : changed_among(before, independent_rows()))
      EXPECT_EQ(labels[row], before[row]);
    EXPECT_NE(labels, before);
    before = labels;
  }
}

TEST(NoisyLabels, EveryOtherClassIsAsLikely) {
  const std::vector<std::int32_t> labels = noisy({.share = 1});
  std::map<std::pair<int, int>, int> counts;
  for (const std::uint32_t row : independent_rows()) {
    ASSERT_GE(labels[row], 0);
    ASSERT_LT(labels[row], 5);
    ++counts[{small()->catalog().label[row], labels[row]}];
  }
  EXPECT_EQ(counts.size(), 20u);  // of 5 x 5 all but the diagonal
  // 375 in 20 cells: 18.75 on average, deviation 3.75 (75 of a class, a chance of 1/4).
  for (const auto& [change, count] : counts) EXPECT_NEAR(count, 18.75, 4 * 3.75);
}

TEST(NoisyLabels, ChildrenFollowTheirParent) {
  const std::vector<std::int32_t> labels = noisy({.share = 0.4});
  const Catalog& catalog = small()->catalog();
  std::map<std::uint64_t, std::int32_t> label_of;
  for (const std::uint32_t row : chosen().real) label_of[catalog.sample_id[row]] = labels[row];
  ASSERT_EQ(chosen().augmented.size(), 400u);
  for (const std::uint32_t row : chosen().augmented)
    EXPECT_EQ(labels[row], label_of.at(catalog.parent_id[row]));
  EXPECT_EQ(changed_among(labels, chosen().augmented).size(),
            2 * changed_among(labels, chosen().real).size());
}

TEST(NoisyLabels, OnlyRowsOfTheSelectionChange) {
  const std::vector<std::int32_t> labels = noisy({.share = 1});
  const Catalog& catalog = small()->catalog();
  ASSERT_EQ(labels.size(), catalog.rows());
  std::set<std::uint32_t> selected;
  for (const auto& rows : {chosen().training(), chosen().validation})
    selected.insert(rows.begin(), rows.end());
  std::size_t tests = 0;
  for (std::uint32_t row = 0; row < labels.size(); ++row) {
    tests += catalog.split[row] == Split::test;
    if (!selected.contains(row)) {
      EXPECT_EQ(labels[row], catalog.label[row]);
    }
  }
  EXPECT_EQ(tests, 50u);
  EXPECT_LT(selected.size() + tests, labels.size());
}

TEST(NoisyLabels, TowardsAClassOnlyTheOthersCount) {
  const Catalog& catalog = small()->catalog();
  const auto others = static_cast<double>(
      std::ranges::count_if(independent_rows(), [&](std::uint32_t row) { return catalog.label[row] != 2; }));
  EXPECT_EQ(others, 300);
  for (const double share : {0.1, 0.25, 1.0}) {
    const std::vector<std::int32_t> labels = noisy({.share = share, .towards = 2});
    const std::set<std::uint32_t> changed = changed_among(labels, independent_rows());
    EXPECT_EQ(changed.size(), static_cast<std::size_t>(std::lround(share * others)));
    for (const std::uint32_t row : changed) EXPECT_EQ(labels[row], 2);
    for (const std::uint32_t row : changed_among(labels, chosen().augmented)) EXPECT_EQ(labels[row], 2);
  }
  EXPECT_NE(noisy({.share = 0.5, .towards = 2}), noisy({.share = 0.5, .towards = 0}));
}

TEST(NoisyLabels, DependOnTheSeedAndOnNothingElse) {
  EXPECT_EQ(noisy({.share = 0.3}), noisy({.share = 0.3}));
  const auto first = changed_among(noisy({.share = 0.3}), independent_rows());
  const auto second = changed_among(noisy({.share = 0.3}, kSeed + 1), independent_rows());
  EXPECT_NE(first, second);
  const std::vector<std::int32_t> all = noisy({.share = 1}), others = noisy({.share = 1}, kSeed + 1);
  EXPECT_NE(all, others);  // what they become is drawn too
}

// A dataset that was packed in another order holds the same images.
TEST(NoisyLabels, BelongToTheImageNotToItsRow) {
  test::DatasetContent content =
      test::random_content({2, 2, 1}, std::vector<test::ClassSize>(4, {.real = 30}));
  for (std::size_t i = 0; i < content.samples.size(); ++i) content.samples[i].sample_id = 1000 + i;
  const auto by_id = [](const test::DatasetContent& from) {
    const auto dataset = test::make_dataset(from);
    const Selection selection = select(*dataset, {.size = 80, .validation_fraction = 0.1, .seed = 3});
    const std::vector<std::int32_t> labels = noisy_labels(*dataset, selection, {.share = 0.5}, 9);
    std::map<std::uint64_t, std::int32_t> found;
    for (std::size_t row = 0; row < labels.size(); ++row)
      found[dataset->catalog().sample_id[row]] = labels[row];
    return found;
  };
  const auto expected = by_id(content);
  std::ranges::reverse(content.samples);
  EXPECT_EQ(by_id(content), expected);
}

TEST(NoisyLabels, ValuesOutOfRangeAreRefused) {
  const auto refused = [](const Dataset& dataset, const LabelNoise& noise) {
    try {
      noisy_labels(dataset, {}, noise, 1);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::usage) << error.what();
      EXPECT_EQ(error.info().where, "data.label_noise");
      return error.info().expected;
    }
    ADD_FAILURE() << "nothing was thrown";
    return std::string();
  };
  for (const double share : {-0.1, 1.1, std::nan("")})
    EXPECT_EQ(refused(*small(), {.share = share}), "0 to 1");
  EXPECT_EQ(refused(*small(), {.share = 0.1, .towards = 5}), "0 to 4");
  const auto one_class = test::make_dataset(test::random_content({2, 2, 1}, {{.real = 3}}));
  EXPECT_EQ(refused(*one_class, {.share = 0.1}), "2 classes or more");
  EXPECT_NO_THROW(noisy_labels(*one_class, {}, {}, 1));
}

}  // namespace
}  // namespace titrate::data
