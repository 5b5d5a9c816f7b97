#include "titrate/core/progress.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace titrate {
namespace {

// What `body` writes to stderr.
std::string printed(const std::function<void()>& body) {
  testing::internal::CaptureStderr();
  body();
  return testing::internal::GetCapturedStderr();
}

TEST(Progress, LineSaysHowMuchIsDone) {
  EXPECT_EQ(progress_line("sweep", 0, 24, ""), "sweep [................]   0% 0/24");
  EXPECT_EQ(progress_line("sweep", 12, 24, "1 failed"), "sweep [########........]  50% 12/24  1 failed");
  EXPECT_EQ(progress_line("sweep", 24, 24, ""), "sweep [################] 100% 24/24");
}

TEST(Progress, LineOfNothingOrTooMuchIsFull) {
  EXPECT_EQ(progress_line("pack", 0, 0, ""), "pack [################] 100% 0/0");
  EXPECT_EQ(progress_line("pack", 5, 4, ""), "pack [################] 100% 5/4");
}

TEST(Progress, QuietPrintsNothing) {
  EXPECT_EQ(printed([] {
              Progress progress("sweep", {.quiet = true, .terminal = true, .colour = true});
              progress.update(1, 2, "");
              progress.clear();
              progress.update(2, 2, "");
            }),
            "");
}

TEST(Progress, PlainLinesComeSeldomAndAtTheEnd) {
  EXPECT_EQ(printed([] {
              Progress progress("sweep", {});
              for (int i = 1; i <= 4; ++i) progress.update(i, 4, "");
              progress.clear();
            }),
            progress_line("sweep", 1, 4, "") + "\n" + progress_line("sweep", 4, 4, "") + "\n");
}

TEST(Progress, PlainLinesComeAsOftenAsAsked) {
  EXPECT_EQ(printed([] {
              Progress progress("sweep", {.plain_interval_seconds = 0.0});
              progress.update(1, 4, "");
              progress.update(2, 4, "");
            }),
            progress_line("sweep", 1, 4, "") + "\n" + progress_line("sweep", 2, 4, "") + "\n");
}

TEST(Progress, TerminalLineIsDrawnInPlace) {
  const std::string line = progress_line("sweep", 4, 4, "");
  const auto draw = [](bool colour) {
    return printed([&] { Progress("sweep", {.terminal = true, .colour = colour}).update(4, 4, ""); });
  };
  EXPECT_EQ(draw(false), "\r" + line + "\033[K\n");
  EXPECT_EQ(draw(true), "\r\033[36m" + line + "\033[0m\033[K\n");
}

}  // namespace
}  // namespace titrate
