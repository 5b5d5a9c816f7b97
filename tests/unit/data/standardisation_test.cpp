#include "titrate/data/standardisation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/make_dataset.hpp"
#include "titrate/core/error.hpp"

namespace titrate::data {
namespace {

// 1 x 2 pixels of two channels. Rows are in the order of the samples.
//   row 0  real       (10, 0) (20, 255)
//   row 1  real       (30, 0) (20, 255)
//   row 2  synthetic  (50, 0) (80, 255)
const test::LoadedDataset& by_hand() {
  static const test::LoadedDataset dataset = test::make_dataset(
      {.shape = {1, 2, 2},
       .classes = 2,
       .samples = {{.pixels = {10, 0, 20, 255}},
                   {.pixels = {30, 0, 20, 255}, .label = 1},
                   {.pixels = {50, 0, 80, 255}, .label = 1, .origin = Origin::synthetic}}});
  return dataset;
}

const std::vector<std::uint32_t> kAll{0, 1, 2};

std::vector<float> table_of(double mean, double deviation) {
  std::vector<float> table;
  for (int level = 0; level < 256; ++level)
    table.push_back(static_cast<float>((level / 255.0 - mean) / deviation));
  return table;
}

void expect_table(std::span<const float> found, double mean, double deviation) {
  const std::vector<float> expected = table_of(mean, deviation);
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t level = 0; level < 256; ++level)
    EXPECT_NEAR(found[level], expected[level], 1e-6 * (1 + std::abs(expected[level]))) << level;
}

TEST(Standardise, DatasetTakesTheManifestsBits) {
  const auto& manifest = by_hand()->manifest();
  const Standardisation found = standardise(*by_hand(), Standardise::dataset, {});
  std::vector<float> expected = table_of(manifest.mean[0], manifest.deviation[0]);
  const std::vector<float> second = table_of(manifest.mean[1], manifest.deviation[1]);
  expected.insert(expected.end(), second.begin(), second.end());
  EXPECT_EQ(found.table, expected);
  EXPECT_TRUE(found.mean.empty());
  EXPECT_TRUE(found.scale.empty());
}

// Channel 0 of all rows: 10 20 30 20 50 80, sum 210, mean 35, squares 10700, variance 10700 / 6 - 35^2.
// Channel 1: 0 255 0 255 0 255: mean 1/2, deviation 1/2.
TEST(Standardise, SelectionMeasuresTheRowsItIsGiven) {
  const Standardisation all = standardise(*by_hand(), Standardise::selection, kAll);
  ASSERT_EQ(all.table.size(), 512u);
  expect_table(std::span(all.table).first(256), 35 / 255.0, std::sqrt(10700 / 6.0 - 35 * 35) / 255);
  expect_table(std::span(all.table).last(256), 0.5, 0.5);
  // Rows 0 and 1, channel 0: 10 20 30 20, mean 20, variance (100 + 100) / 4.
  const Standardisation two =
      standardise(*by_hand(), Standardise::selection, std::vector<std::uint32_t>{1, 0});
  expect_table(std::span(two.table).first(256), 20 / 255.0, std::sqrt(50.0) / 255);
}

// Values lie as (pixel 0, channel 0), (pixel 0, channel 1), (pixel 1, channel 0), (pixel 1, channel 1):
// 10 30 50 and 0 0 0 and 20 20 80 and 255 255 255.
TEST(Standardise, PixelMeasuresEachPlaceAlone) {
  const Standardisation found = standardise(*by_hand(), Standardise::pixel, kAll);
  EXPECT_TRUE(found.table.empty());
  EXPECT_EQ(found.mean, (std::vector<float>{30, 0, 40, 255}));
  ASSERT_EQ(found.scale.size(), 4u);
  EXPECT_FLOAT_EQ(found.scale[0], static_cast<float>(1 / std::sqrt(800 / 3.0)));
  EXPECT_FLOAT_EQ(found.scale[2], static_cast<float>(1 / std::sqrt(800.0)));
  // Never another level: only centred, so that a level is 1 / 255 as it is without standardisation.
  EXPECT_EQ(found.scale[1], 1 / 255.0f);
  EXPECT_EQ(found.scale[3], 1 / 255.0f);
}

TEST(Standardise, NoneIsTheShareOfWhite) {
  const Standardisation found = standardise(*by_hand(), Standardise::none, {});
  ASSERT_EQ(found.table.size(), 512u);
  for (std::size_t i = 0; i < 512; ++i)
    EXPECT_EQ(found.table[i], static_cast<float>(static_cast<double>(i % 256) / 255.0));
}

TEST(Standardise, AChannelWithoutDeviationIsOnlyCentred) {
  const auto dataset = test::make_dataset(
      {.shape = {1, 2, 1}, .classes = 1, .samples = {{.pixels = {51, 51}}, {.pixels = {51, 51}}}});
  const Standardisation found =
      standardise(*dataset, Standardise::selection, std::vector<std::uint32_t>{0, 1});
  expect_table(found.table, 0.2, 1);
  EXPECT_NEAR(found.table[51], 0, 1e-7);
}

// A deviation that floats would lose: one level in 20,000 images.
TEST(Standardise, SumsAreExact) {
  test::DatasetContent content{.shape = {1, 2, 1}, .classes = 1};
  content.samples.assign(20000, {.pixels = {254, 0}});
  content.samples[777].pixels = {255, 1};
  const auto dataset = test::make_dataset(content);
  const Standardisation found = standardise(*dataset, Standardise::pixel, dataset->rows_of(Split::train));
  const double expected = 1 / std::sqrt(1 / 20000.0 - 1 / 20000.0 / 20000.0);
  EXPECT_FLOAT_EQ(found.scale[0], static_cast<float>(expected));
  EXPECT_EQ(found.scale[0], found.scale[1]);
  EXPECT_FLOAT_EQ(found.mean[0], static_cast<float>(254 + 1 / 20000.0));
}

TEST(Standardise, OfTheTrainingRowsThemselvesIsMeanZeroAndDeviationOne) {
  const auto dataset = test::make_dataset(
      test::random_content({3, 4, 3}, std::vector<test::ClassSize>(4, {.real = 50, .synthetic = 20})));
  const std::vector<std::uint32_t> rows = dataset->rows_of(Split::train);
  const Standardisation found = standardise(*dataset, Standardise::pixel, rows);
  for (std::size_t i = 0; i < 36; ++i) {
    double sum = 0, square = 0;
    for (const std::uint32_t row : rows) {
      const double value = (dataset->pixels(row)[i] - found.mean[i]) * found.scale[i];
      sum += value;
      square += value * value;
    }
    EXPECT_NEAR(sum / static_cast<double>(rows.size()), 0, 1e-6);
    EXPECT_NEAR(square / static_cast<double>(rows.size()), 1, 1e-6);
  }
}

TEST(Standardise, TheOrderOfRowsDoesNotMatter) {
  const auto dataset =
      test::make_dataset(test::random_content({3, 4, 1}, std::vector<test::ClassSize>(2, {.real = 50})));
  std::vector<std::uint32_t> rows = dataset->rows_of(Split::train);
  const Standardisation pixel = standardise(*dataset, Standardise::pixel, rows);
  const Standardisation selection = standardise(*dataset, Standardise::selection, rows);
  std::reverse(rows.begin(), rows.end());
  EXPECT_EQ(standardise(*dataset, Standardise::pixel, rows), pixel);
  EXPECT_EQ(standardise(*dataset, Standardise::selection, rows), selection);
  rows.pop_back();
  EXPECT_NE(standardise(*dataset, Standardise::pixel, rows), pixel);
  EXPECT_NE(standardise(*dataset, Standardise::selection, rows), selection);
}

TEST(Standardise, NeedsImagesToMeasure) {
  for (const Standardise kind : {Standardise::selection, Standardise::pixel})
    EXPECT_THROW(standardise(*by_hand(), kind, {}), Error);
}

}  // namespace
}  // namespace titrate::data
