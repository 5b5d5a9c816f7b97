#include "../../../src/sweep/run_folder.hpp"

#include <gtest/gtest.h>

#include "support/outcome.hpp"
#include "support/temporary_folder.hpp"
#include "titrate/core/file.hpp"

namespace titrate::sweep {
namespace {

TEST(Attempt, IsNumberedAlsoWhereTheLastOneLeftNoRecord) {
  const TemporaryFolder folder;
  for (const std::uint32_t number : {1u, 2u, 3u})
    EXPECT_EQ(open_run_folder(folder.path(), Log({.quiet = true})).attempt->number(), number);
}

// What a killed run leaves: the file as it was while it ran.
TEST(Attempt, ADeathWithoutAWordIsToldOfOnce) {
  const TemporaryFolder folder;
  { const dispatch::Attempt attempt(folder.path(), 7); }
  write_file(
      folder.path() / "attempt.json",
      std::string_view(R"({"attempt": 7, "host": "left", "process": 99, "state": "running", "reason": ""})"));
  testing::internal::CaptureStderr();
  const RunFolder opened = open_run_folder(folder.path(), Log());
  EXPECT_EQ(opened.attempt->number(), 8u);
  opened.attempt->end(study::RunState::finished);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(
      said.find(
          "attempt 7, process 99 on left, left no word of its end: killed, or out of memory? a full disk?"),
      std::string::npos)
      << said;
}

TEST(RunFolder, LosesWhatWasHalfWritten) {
  const TemporaryFolder folder;
  for (const char* name : {"weights", "predictions"}) make_folder(folder.path() / name);
  const std::filesystem::path half = folder.path() / "weights" / ".a.safetensors.tmp77";
  const std::filesystem::path report = folder.path() / ".report.html.tmp1",
                              other = folder.path() / ".mine.tmp";
  for (const auto& file : {half, report, other}) write_file(file, std::string_view("x"));
  open_run_folder(folder.path(), Log({.quiet = true}));
  EXPECT_FALSE(std::filesystem::exists(half));
  EXPECT_FALSE(std::filesystem::exists(report));
  EXPECT_TRUE(std::filesystem::exists(other));
}

TEST(Attempt, ADamagedFileStopsNobody) {
  const TemporaryFolder folder;
  write_file(folder.path() / "attempt.json", std::string_view("{\"attempt\": 7"));
  EXPECT_EQ(outcome([&] { study::read_attempt(folder.path()); }).code, ErrorCode::integrity);
  EXPECT_EQ(open_run_folder(folder.path(), Log({.quiet = true})).attempt->number(), 1u);
}

}  // namespace
}  // namespace titrate::sweep
