#include "../../../src/sweep/disk_space.hpp"

#include <gtest/gtest.h>

#include "../../../src/sweep/cost.hpp"
#include "support/outcome.hpp"
#include "support/temporary_folder.hpp"
#include "titrate/train/setup.hpp"

namespace titrate::sweep {
namespace {

class RoomTest : public testing::Test {
 protected:
  RoomTest() {
    manifest_.mean = {0.1};
    manifest_.deviation = {0.3};
    manifest_.splits = {{.split = data::Split::train, .counts = {{200, 0, 0}}},
                        {.split = data::Split::test, .counts = {{30, 0, 0}}}};
  }

  // So many trials of so wide a layer that their weights alone take `bytes`.
  std::vector<study::Trial> trials_of(std::uint64_t bytes) const {
    study::Trial trial{.id = "t"};
    trial.settings.network.layers = {"flatten", "dense 12500", "dense 1"};  // 40 MB
    const std::uint64_t each =
        trial_disk_bytes(train::make_setup(trial.settings, manifest_), manifest_, Keep::all);
    return std::vector<study::Trial>(bytes / each + 1, trial);
  }

  TemporaryFolder folder_;
  shard::Manifest manifest_{.name = "d", .class_names = {"a"}, .shape = {28, 28, 1}};
};

TEST_F(RoomTest, ResultsThatDoNotFitAreRefusedByName) {
  const std::uint64_t free = std::filesystem::space(folder_.path()).available;
  const auto [code, what] =
      outcome([&] { check_disk_space(folder_.path(), trials_of(2 * free), manifest_, Keep::all, 4, Log()); });
  EXPECT_EQ(code, ErrorCode::io);
  EXPECT_NE(what.find(folder_.path().string()), std::string::npos) << what;
  EXPECT_NE(what.find("for the results of "), std::string::npos) << what;
  // The same trials leave little where weights are not kept.
  check_disk_space(folder_.path(), trials_of(2 * free), manifest_, Keep::none, 4, Log());
}

}  // namespace
}  // namespace titrate::sweep
