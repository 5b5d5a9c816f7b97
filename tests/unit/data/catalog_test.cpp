#include "titrate/data/catalog.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/make_dataset.hpp"
#include "support/temporary_folder.hpp"
#include "titrate/core/error.hpp"

namespace titrate::data {
namespace {

constexpr image::Shape kShape{5, 4, 3};

test::DatasetContent example() {
  return test::random_content(kShape, {{.real = 11, .copies = 2, .synthetic = 4, .test = 3},
                                       {.real = 6, .copies = 1, .synthetic = 7, .test = 5}});
}

template <class Value>
void expect_equal(std::span<const Value> a, std::span<const Value> b) {
  EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end()));
}

void expect_same_rows(const Dataset& a, const Dataset& b) {
  ASSERT_EQ(a.catalog().rows(), b.catalog().rows());
  expect_equal(a.catalog().sample_id, b.catalog().sample_id);
  expect_equal(a.catalog().parent_id, b.catalog().parent_id);
  expect_equal(a.catalog().family_id, b.catalog().family_id);
  expect_equal(a.catalog().label, b.catalog().label);
  expect_equal(a.catalog().origin, b.catalog().origin);
  expect_equal(a.catalog().split, b.catalog().split);
  for (std::uint32_t row = 0; row < a.catalog().rows(); ++row) expect_equal(a.pixels(row), b.pixels(row));
}

// Training rows first, then test rows, each in the order they were given.
TEST(Dataset, HoldsTheRowsOfItsShardsInOrder) {
  const test::DatasetContent content = example();
  const auto dataset = test::make_dataset(content, 3);
  ASSERT_EQ(dataset->catalog().rows(), content.samples.size());
  std::uint32_t row = 0;
  for (const Split split : {Split::train, Split::test}) {
    for (std::size_t i = 0; i < content.samples.size(); ++i) {
      const test::Sample& sample = content.samples[i];
      if (sample.split != split) continue;
      EXPECT_EQ(dataset->catalog().sample_id[row], test::default_sample_id(i));
      EXPECT_EQ(dataset->catalog().label[row], sample.label);
      EXPECT_EQ(dataset->catalog().origin[row], sample.origin);
      EXPECT_EQ(dataset->catalog().split[row], split);
      expect_equal(dataset->pixels(row), std::span<const std::uint8_t>(sample.pixels));
      ++row;
    }
  }
}

TEST(Dataset, IsTheSameFromOneShardOrEight) {
  const test::DatasetContent content = example();
  const auto one = test::make_dataset(content, 1), eight = test::make_dataset(content, 8);
  EXPECT_EQ(one->manifest().shards.size(), 2u);
  EXPECT_EQ(eight->manifest().shards.size(), 16u);
  EXPECT_EQ(one->manifest().fingerprint, eight->manifest().fingerprint);
  expect_same_rows(*one, *eight);
}

TEST(Dataset, TakesShardsWithoutRows) {
  const test::DatasetContent content = test::random_content(kShape, {{.real = 2, .test = 1}});
  expect_same_rows(*test::make_dataset(content, 1), *test::make_dataset(content, 5));
}

TEST(Dataset, FindsRowsBySplitOriginAndClass) {
  const auto dataset = test::make_dataset(example());
  EXPECT_EQ(dataset->count(Split::train, Origin::real), 17u);
  EXPECT_EQ(dataset->count(Split::train, Origin::augmented), 28u);
  EXPECT_EQ(dataset->count(Split::train, Origin::synthetic), 11u);
  EXPECT_EQ(dataset->count(Split::test, Origin::real), 8u);
  EXPECT_EQ(dataset->count(Split::validation, Origin::real), 0u);
  const auto rows = dataset->rows_of(Split::train, Origin::augmented, 1);
  EXPECT_EQ(rows.size(), 6u);
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
  for (const std::uint32_t row : rows) {
    EXPECT_EQ(dataset->catalog().label[row], 1);
    EXPECT_EQ(dataset->catalog().origin[row], Origin::augmented);
  }
  const auto test_rows = dataset->rows_of(Split::test);
  EXPECT_EQ(test_rows.size(), 8u);
  for (const std::uint32_t row : test_rows) EXPECT_EQ(dataset->catalog().split[row], Split::test);
}

TEST(Dataset, OfAnotherFolderIsRefused) {
  const TemporaryFolder folder, other;
  test::write_dataset(folder.path(), example());
  test::DatasetContent changed = example();
  changed.samples[0].pixels[0] ^= 1;
  test::write_dataset(other.path(), changed);
  std::filesystem::copy_file(other.path() / "train-00000-of-00001.h5",
                             folder.path() / "train-00000-of-00001.h5",
                             std::filesystem::copy_options::overwrite_existing);
  try {
    test::LoadedDataset loaded(folder.path());
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::integrity);
    EXPECT_NE(std::string(error.what()).find("train-00000-of-00001.h5"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace titrate::data
