#include "titrate/prep/plan.hpp"

#include <gtest/gtest.h>

namespace titrate::prep {
namespace {

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

}  // namespace
}  // namespace titrate::prep
