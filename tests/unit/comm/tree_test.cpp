#include "../../../src/comm/tree.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>

#include "titrate/core/error.hpp"
#include "titrate/core/random.hpp"

namespace titrate::comm {
namespace {

using Parts = std::vector<std::vector<float>>;

Parts random_parts(std::size_t count, std::size_t parts) {
  Parts all;
  for (std::size_t part = 0; part < parts; ++part) {
    RandomStream stream(3, Purpose::test, part);
    std::vector<float> values(count);
    for (float& value : values) {
      const double scale = std::exp2(static_cast<double>(stream.below(20)));
      value = static_cast<float>(stream.uniform(-1.0, 1.0) * scale);
    }
    all.push_back(values);
  }
  return all;
}

std::vector<float> serial(const Parts& parts) {
  std::vector<float> sum(parts.front().size());
  tree_sum(std::vector<std::span<const float>>(parts.begin(), parts.end()), sum);
  return sum;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

TEST(TreeSum, IsTheTreeThatIsDocumented) {
  const Parts p = random_parts(100, 7);
  std::vector<float> three(100);
  std::vector<float> four(100);
  std::vector<float> seven(100);
  for (std::size_t i = 0; i < 100; ++i) {
    three[i] = (p[0][i] + p[1][i]) + p[2][i];
    four[i] = (p[0][i] + p[1][i]) + (p[2][i] + p[3][i]);
    seven[i] = four[i] + ((p[4][i] + p[5][i]) + p[6][i]);
  }
  EXPECT_TRUE(same_bits(serial({p.begin(), p.begin() + 1}), p[0]));
  EXPECT_TRUE(same_bits(serial({p.begin(), p.begin() + 3}), three));
  EXPECT_TRUE(same_bits(serial({p.begin(), p.begin() + 4}), four));
  EXPECT_TRUE(same_bits(serial(p), seven));
  EXPECT_FALSE(same_bits(three, four));
}

TEST(TreeSum, OfNothingIsZero) {
  std::vector<float> sum(3, 1.0F);
  tree_sum({}, sum);
  EXPECT_EQ(sum, std::vector<float>(3));
}

TEST(TreeSum, RefusesPartsOfAnotherLength) {
  const Parts parts{{1.0F, 2.0F}, {1.0F}};
  EXPECT_THROW(serial(parts), Error);
}

// What lets a group of any width give the same sum: subtrees by rank, then the tree over the ranks.
TEST(TreeSum, JoinsSubtreesAtEveryWidth) {
  const Parts parts = random_parts(101, 8);
  for (const std::size_t width : {1U, 2U, 4U, 8U}) {
    Parts of_ranks;
    for (std::size_t rank = 0; rank < width; ++rank) {
      const auto begin = parts.begin() + static_cast<std::ptrdiff_t>(rank * 8 / width);
      of_ranks.push_back(serial({begin, begin + static_cast<std::ptrdiff_t>(8 / width)}));
    }
    EXPECT_TRUE(same_bits(serial(of_ranks), serial(parts))) << "width " << width;
  }
}

}  // namespace
}  // namespace titrate::comm
