#include "titrate/train/engines.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "support/outcome.hpp"
#include "support/temporary_folder.hpp"

namespace titrate::train {
namespace {

class EnginesTest : public testing::Test {
 protected:
  // Files that hold nothing, so that none can be loaded.
  void add(std::initializer_list<std::string> files) const {
    for (const std::string& file : files) std::ofstream(folder_.path() / file);
  }

  Engines engines() const { return Engines(folder_.path()); }

 private:
  TemporaryFolder folder_;
};

TEST_F(EnginesTest, TheKnownComeFirstThenTheOthersByName) {
  add({"libtitrate_engine_zeta.so", "libtitrate_engine_torch.so", "libtitrate_engine_alpha.so",
       "libtitrate_engine_fused.so"});
  add({"libtitrate_engine_.so", "libtitrate_engine_old.so.1", "libother.so", "titrate"});
  EXPECT_EQ(engines().names(), (std::vector<std::string>{"fused", "torch", "alpha", "zeta"}));
}

TEST_F(EnginesTest, AFolderWithoutEnginesIsRefused) {
  add({"libother.so"});
  const Outcome found = outcome([&] { engines(); });
  EXPECT_EQ(found.code, ErrorCode::failed);
  EXPECT_NE(found.message.find("there is no engine"), std::string::npos) << found.message;
}

TEST_F(EnginesTest, AnUnknownNameIsRefusedWithTheNearest) {
  add({"libtitrate_engine_torch.so"});
  const Outcome found = outcome([&] { engines().choose({}, {.engine = "troch"}, {}); });
  EXPECT_EQ(found.code, ErrorCode::usage);
  EXPECT_EQ(found.message,
            "train.engine: unknown value \"troch\"; expected auto, torch; did you mean \"torch\"?");
}

TEST_F(EnginesTest, ABrokenEngineIsNotPassedOver) {
  add({"libtitrate_engine_fused.so", "libtitrate_engine_torch.so"});
  const Outcome found = outcome([&] { engines().choose({}, {}, {}); });
  EXPECT_EQ(found.code, ErrorCode::failed);
  EXPECT_NE(found.message.find("fused.so: cannot load the engine"), std::string::npos) << found.message;
}

// libc has none of an engine's symbols.
TEST(EngineLibraryTest, AnotherLibraryIsRefused) {
  const Outcome found = outcome([] { EngineLibrary("libc.so.6"); });
  EXPECT_EQ(found.code, ErrorCode::failed);
  EXPECT_EQ(found.message, "libc.so.6: not an engine: no symbol titrate_engine_interface");
}

}  // namespace
}  // namespace titrate::train
