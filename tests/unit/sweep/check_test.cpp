#include "titrate/sweep/check.hpp"
#include "titrate/train/setup.hpp"

#include <gtest/gtest.h>

#include "support/outcome.hpp"
#include "titrate/core/error.hpp"

namespace titrate::sweep {
namespace {

// 1,000 real training images, and as many of a generator that saw `trained_on`.
shard::Manifest manifest_of(const std::string& trained_on) {
  shard::Manifest manifest{.name = "d", .class_names = {"a", "b"}, .shape = {28, 28, 1}};
  manifest.mean = {0.1};
  manifest.deviation = {0.3};
  manifest.splits = {{.split = data::Split::train, .counts = {{500, 0, 500}, {500, 0, 500}}},
                     {.split = data::Split::test, .counts = {{50, 0, 0}, {50, 0, 0}}}};
  manifest.sources = {{.name = "real"},
                      {.name = "gan", .origin = data::Origin::synthetic, .trained_on = trained_on}};
  return manifest;
}

Outcome set_up(const study::DataSettings& data, const std::string& trained_on) {
  return outcome([&] { train::make_setup({.data = data}, manifest_of(trained_on)); });
}

TEST(Check, AGeneratorThatSawMoreThanTheArmDoesNotFeedIt) {
  const std::string nothing = "nothing was thrown";
  const study::DataSettings small{.size = 300, .synthetic_ratio = 1};
  const Outcome refused = set_up(small, "600 images of mnist");
  EXPECT_EQ(refused.code, ErrorCode::usage);
  EXPECT_NE(refused.message.find("source gan was generated from 600 real images"), std::string::npos)
      << refused.message;
  EXPECT_EQ(set_up(small, "60,000 of MNIST").code, ErrorCode::usage);
  EXPECT_EQ(set_up(small, "60'000, all of it").code, ErrorCode::usage);
  EXPECT_EQ(set_up(small, "300").message, nothing);
  EXPECT_EQ(set_up(small, "").message, nothing);
  EXPECT_EQ(set_up(small, "some of mnist").message, nothing);
  EXPECT_EQ(set_up({.size = 300}, "600").message, nothing);  // an arm that is not fed
  EXPECT_EQ(set_up({.synthetic_ratio = 1}, "1000").message, nothing);
  EXPECT_EQ(set_up({.synthetic_ratio = 1}, "1001").code, ErrorCode::usage);
  EXPECT_EQ(
      set_up({.size = 300, .synthetic_ratio = 1, .trained_on = study::TrainedOn::ignore}, "600").message,
      nothing);
}

// Half of what an arm that replaces is given is real.
TEST(Check, AnArmThatReplacesHasFewerRealImages) {
  const study::DataSettings half{.size = 600, .synthetic_ratio = 0.5, .mode = data::MixMode::replace};
  EXPECT_EQ(set_up(half, "301").code, ErrorCode::usage);
  EXPECT_EQ(set_up(half, "300").message, "nothing was thrown");
}

}  // namespace
}  // namespace titrate::sweep
