#include "titrate/core/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace titrate {
namespace {

TEST(Random, PhiloxKnownAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (PhiloxCounter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}),
            (PhiloxCounter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
}

TEST(Random, StreamsOfDifferentKeysDiffer) {
  std::set<std::uint32_t> first_words;
  for (std::uint64_t seed : {0, 1}) {
    for (std::uint64_t sample : {0ull, 1ull, 1ull << 40}) {
      for (std::uint32_t epoch : {0u, 1u}) {
        for (Purpose purpose : {Purpose::noise, Purpose::test}) {
          first_words.insert(RandomStream(seed, purpose, sample, epoch).next());
        }
      }
    }
  }
  EXPECT_EQ(first_words.size(), 24u);
}

TEST(Random, SequentialReadsEqualBlocks) {
  RandomStream stream(7, Purpose::test, 3);
  const auto a = stream.block(0), b = stream.block(1);
  for (std::uint32_t word : a) EXPECT_EQ(stream.next(), word);
  for (std::uint32_t word : b) EXPECT_EQ(stream.next(), word);
}

TEST(Random, NormalQuantilesAreSymmetricAndRight) {
  const auto q = normal_quantiles();
  for (std::size_t i = 0; i < q.size() / 2; ++i) ASSERT_EQ(q[i], -q[q.size() - 1 - i]) << i;
  ASSERT_TRUE(std::is_sorted(q.begin(), q.end()));
  for (std::size_t i : {std::size_t{0}, std::size_t{100}, std::size_t{5000}, std::size_t{60000}}) {
    const double p = (static_cast<double>(i) + 0.5) / 65536;
    EXPECT_NEAR(0.5 * std::erfc(-q[i] / std::sqrt(2.0)), p, 1e-7 + 1e-5 * std::min(p, 1 - p)) << i;
  }
  double sum = 0;
  for (float value : q) sum += double{value} * value;
  EXPECT_NEAR(sum / 65536, 1.0, 2e-4);
}

TEST(Random, BelowIsUnbiased) {
  RandomStream stream(1, Purpose::test);
  std::array<int, 6> counts{};
  for (int i = 0; i < 60000; ++i) ++counts[stream.below(6)];
  for (int count : counts) EXPECT_NEAR(count, 10000, 400);
}

TEST(Random, PermutationHoldsEachOnce) {
  auto order = permutation(1000, RandomStream(5, Purpose::order));
  EXPECT_NE(order, permutation(1000, RandomStream(6, Purpose::order)));
  std::sort(order.begin(), order.end());
  for (std::uint32_t i = 0; i < 1000; ++i) ASSERT_EQ(order[i], i);
}

}  // namespace
}  // namespace titrate
