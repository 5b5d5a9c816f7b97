#include "titrate/dispatch/attempt.hpp"

#include <gtest/gtest.h>

#include "support/outcome.hpp"
#include "support/temporary_folder.hpp"

namespace titrate::dispatch {
namespace {

TEST(Attempt, SaysHowItEnded) {
  const TemporaryFolder folder;
  EXPECT_FALSE(study::read_attempt(folder.path()));
  {
    Attempt attempt(folder.path(), 3);
    EXPECT_EQ(study::read_attempt(folder.path())->state, study::RunState::running);
    attempt.end(study::RunState::stopped);
  }
  EXPECT_EQ(study::read_attempt(folder.path())->number, 3u);
  EXPECT_EQ(study::read_attempt(folder.path())->state, study::RunState::stopped);
  { const Attempt attempt(folder.path(), 4); }
  EXPECT_EQ(study::read_attempt(folder.path())->state, study::RunState::failed) << "an error was on its way";
  {
    Attempt attempt(folder.path(), 5);
    attempt.end(study::RunState::failed, "no progress");
  }
  EXPECT_EQ(study::read_attempt(folder.path())->reason, "no progress");
}

TEST(Attempt, ThatWasTakenForDeadLeavesALaterOneAlone) {
  const TemporaryFolder folder;
  Attempt sleeper(folder.path(), 3);
  sleeper.require_current();
  Attempt later(folder.path(), 4);
  EXPECT_EQ(outcome([&] { sleeper.require_current(); }).code, ErrorCode::in_use);
  sleeper.end(study::RunState::finished);
  EXPECT_EQ(study::read_attempt(folder.path())->number, 4u);
  EXPECT_EQ(study::read_attempt(folder.path())->state, study::RunState::running);
}

}  // namespace
}  // namespace titrate::dispatch
