#include "titrate/comm/watchdog.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <thread>

#include "mpi_main.hpp"

namespace titrate::comm {
namespace {

using namespace std::chrono_literals;

void wait_for_stop(const Watchdog& watchdog) {
  while (!watchdog.stop_requested()) std::this_thread::sleep_for(5ms);
}

TEST(Watchdog, LetsARankTakeItsTime) {
  Watchdog watchdog(session(), {.limit_seconds = 1.5});
  watchdog.enter("files");
  std::this_thread::sleep_for(3s);  // at a site: four times the limit
  watchdog.begin_trial("t", true, 1);
  for (int step = 0; step < 40; ++step) watchdog.step(1);
  watchdog.idle("wait");
  if (session().world_rank() == 0) std::this_thread::sleep_for(3s);  // the others wait as long as it takes
  session().world().barrier();
  EXPECT_FALSE(watchdog.stop_requested());
  watchdog.close();
}

TEST(Watchdog, StopsAllAtItsDeadline) {
  const auto start = std::chrono::steady_clock::now();
  Watchdog watchdog(session(), {.deadline_seconds = 0.5});
  wait_for_stop(watchdog);
  const auto waited = std::chrono::steady_clock::now() - start;
  EXPECT_GE(waited, 500ms);
  EXPECT_LT(waited, 5s);
  watchdog.close();
}

// The last of these tests: a process that was asked to stop stays asked.
TEST(Watchdog, ASignalToOneRankStopsAll) {
  remember_stop_signals();
  if (session().world_rank() == session().world_size() - 1) ::raise(SIGUSR2);  // before there is a watchdog
  Watchdog watchdog(session(), {});
  wait_for_stop(watchdog);
  watchdog.close();
}

}  // namespace
}  // namespace titrate::comm
