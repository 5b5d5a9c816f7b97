#include "titrate/study/statistics.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

namespace titrate::study {
namespace {

// Any table of Student's t distribution.
TEST(Statistics, QuantilesOfStudentsT) {
  EXPECT_NEAR(t_quantile(0.95, 1), 12.706204736, 1e-8);
  EXPECT_NEAR(t_quantile(0.95, 2), 4.302652730, 1e-8);
  EXPECT_NEAR(t_quantile(0.95, 4), 2.776445105, 1e-8);
  EXPECT_NEAR(t_quantile(0.95, 9), 2.262157163, 1e-8);
  EXPECT_NEAR(t_quantile(0.95, 29), 2.045229642, 1e-8);
  EXPECT_NEAR(t_quantile(0.99, 9), 3.249835542, 1e-8);
  EXPECT_NEAR(t_quantile(0.50, 3), 0.764892328, 1e-8);
  EXPECT_NEAR(t_quantile(0.95, 100000), 1.95998765, 1e-6);  // nearly the normal distribution
}

TEST(Statistics, TailIsTheInverseOfTheQuantile) {
  for (std::size_t degrees : {1u, 2u, 3u, 10u, 101u}) {
    for (double confidence : {0.1, 0.5, 0.9, 0.999})
      EXPECT_NEAR(two_sided_tail(t_quantile(confidence, degrees), degrees), 1 - confidence, 1e-12);
  }
  EXPECT_DOUBLE_EQ(two_sided_tail(0, 7), 1);
}

TEST(Statistics, MeanDeviationAndInterval) {
  const Estimate result = estimate(std::array{1.0, 2.0, 3.0, 4.0, 5.0});
  EXPECT_EQ(result.n, 5u);
  EXPECT_DOUBLE_EQ(result.mean, 3);
  EXPECT_NEAR(result.sd, std::sqrt(2.5), 1e-15);
  EXPECT_NEAR(result.half_width, 2.776445105 * std::sqrt(2.5 / 5), 1e-8);
  EXPECT_DOUBLE_EQ(result.high() - result.mean, result.mean - result.low());
}

TEST(Statistics, OneValueHasNoIntervalAndNoneNoMean) {
  const Estimate one = estimate(std::array{0.5});
  EXPECT_EQ(one.mean, 0.5);
  EXPECT_FALSE(one.has_interval());
  EXPECT_TRUE(std::isnan(one.sd));
  EXPECT_TRUE(std::isnan(estimate(std::span<const double>{}).mean));
}

TEST(Statistics, PairsOnlySeedsThatBothHave) {
  const std::vector<SeedValue> treated = {{0, 0.9}, {2, 0.8}, {3, 0.7}, {9, 0.1}};
  const std::vector<SeedValue> control = {{0, 0.5}, {1, 0.0}, {3, 0.6}, {7, 0.0}};
  const std::vector<SeedValue> differences = paired_differences(treated, control);
  ASSERT_EQ(differences.size(), 2u);
  EXPECT_EQ(differences[1].seed, 3u);
  EXPECT_NEAR(estimate(differences).mean, 0.25, 1e-15);
}

}  // namespace
}  // namespace titrate::study
