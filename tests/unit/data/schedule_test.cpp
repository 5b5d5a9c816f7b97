#include "titrate/data/schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace titrate::data {
namespace {

std::vector<std::uint32_t> rows_from(std::uint32_t first, std::size_t count) {
  std::vector<std::uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), first);
  return rows;
}

TEST(EpochOrder, IsAPermutationOfTheRows) {
  const auto rows = rows_from(100, 1000);
  auto order = epoch_order(rows, 7, 0);
  EXPECT_NE(order, rows);
  std::sort(order.begin(), order.end());
  EXPECT_EQ(order, rows);
  EXPECT_TRUE(epoch_order({}, 7, 0).empty());
  EXPECT_EQ(epoch_order(rows_from(5, 1), 7, 0), rows_from(5, 1));
}

TEST(EpochOrder, IsAFunctionOfSeedAndEpoch) {
  const auto rows = rows_from(0, 200);
  EXPECT_EQ(epoch_order(rows, 7, 3), epoch_order(rows, 7, 3));
  EXPECT_NE(epoch_order(rows, 7, 3), epoch_order(rows, 7, 4));
  EXPECT_NE(epoch_order(rows, 7, 3), epoch_order(rows, 8, 3));
}

// Over many epochs each row comes first, on average, as late as any other.
TEST(EpochOrder, FavoursNoRow) {
  const auto rows = rows_from(0, 8);
  std::vector<double> places(8);
  for (std::uint32_t epoch = 0; epoch < 4000; ++epoch) {
    const auto order = epoch_order(rows, 1, epoch);
    for (std::size_t i = 0; i < order.size(); ++i) places[order[i]] += static_cast<double>(i) / 4000;
  }
  for (const double place : places) EXPECT_NEAR(place, 3.5, 5 * 2.3 / 63);  // five standard errors
}

TEST(Batches, TheLastSmallerOneCounts) {
  EXPECT_EQ(batches_per_epoch(0, 50), 0u);
  EXPECT_EQ(batches_per_epoch(1, 50), 1u);
  EXPECT_EQ(batches_per_epoch(50, 50), 1u);
  EXPECT_EQ(batches_per_epoch(51, 50), 2u);
  EXPECT_EQ(batches_per_epoch(60000, 64), 938u);
  EXPECT_EQ(batches_per_epoch(51, 50, 2), 1u);  // one image is too few
  EXPECT_EQ(batches_per_epoch(52, 50, 2), 2u);
  EXPECT_EQ(batches_per_epoch(1, 50, 2), 0u);
  EXPECT_EQ(batches_per_epoch(100, 50, 2), 2u);
}

TEST(ImagesSeen, KnowsSmallerAndLeftOutBatches) {
  EXPECT_EQ(images_seen(0, 130, 50, 3), 0u);
  EXPECT_EQ(images_seen(2, 130, 50, 3), 100u);
  EXPECT_EQ(images_seen(3, 130, 50, 3), 130u);
  EXPECT_EQ(images_seen(7, 130, 50, 3), 310u);
  EXPECT_EQ(images_seen(4, 101, 50, 2), 200u);  // the image left over is seen in no epoch
  EXPECT_EQ(images_seen(1, 30, 50, 1), 30u);
  EXPECT_EQ(images_seen(1, 1, 50, 0), 0u);
}

TEST(PartOf, CutsAListIntoConsecutiveParts) {
  for (const std::size_t size : {0u, 1u, 3u, 7u, 8u, 50u, 64u}) {
    const auto rows = rows_from(10, size);
    for (const std::size_t parts : {1u, 2u, 4u, 8u}) {
      std::vector<std::uint32_t> together;
      for (std::size_t i = 0; i < parts; ++i) {
        const auto part = part_of(rows, parts, i);
        EXPECT_GE(part.size(), size / parts);
        EXPECT_LE(part.size(), (size + parts - 1) / parts);
        together.insert(together.end(), part.begin(), part.end());
      }
      EXPECT_EQ(together, rows);
    }
  }
}

// Width 2 of 8 parts: a rank's four parts are the first or the second half, so that it holds a subtree.
TEST(PartOf, NestsWhereTheNumberOfPartsIsAPowerOfTwo) {
  const auto rows = rows_from(0, 53);
  for (std::size_t half = 0; half < 2; ++half) {
    std::vector<std::uint32_t> together;
    for (std::size_t i = 0; i < 4; ++i) {
      const auto part = part_of(rows, 8, half * 4 + i);
      together.insert(together.end(), part.begin(), part.end());
    }
    const auto whole = part_of(rows, 2, half);
    EXPECT_EQ(together, std::vector(whole.begin(), whole.end()));
  }
}

}  // namespace
}  // namespace titrate::data
