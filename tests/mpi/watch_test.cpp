#include "titrate/comm/watch.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <thread>

#include "mpi_main.hpp"

namespace titrate::comm {
namespace {

using namespace std::chrono_literals;

void wait_for_stop(const Watch& watch) {
  while (!watch.stop_requested()) std::this_thread::sleep_for(5ms);
}

TEST(Watch, LetsARankTakeItsTime) {
  Watch watch(session(), {.limit_seconds = 1.5});
  watch.enter("files");
  std::this_thread::sleep_for(3s);  // at a site: four times the limit
  watch.begin_trial("t", true, 1);
  for (int step = 0; step < 40; ++step) watch.step(1);
  watch.rest("wait");
  if (session().world_rank() == 0) std::this_thread::sleep_for(3s);  // the others wait as long as it takes
  session().world().rest();
  EXPECT_FALSE(watch.stop_requested());
  watch.close();
}

TEST(Watch, StopsAllAtItsDeadline) {
  const auto start = std::chrono::steady_clock::now();
  Watch watch(session(), {.deadline_seconds = 0.5});
  wait_for_stop(watch);
  const auto waited = std::chrono::steady_clock::now() - start;
  EXPECT_GE(waited, 500ms);
  EXPECT_LT(waited, 5s);
  watch.close();
}

// The last of these tests: a process that was asked to stop stays asked.
TEST(Watch, ASignalToOneRankStopsAll) {
  remember_stop_signals();
  if (session().world_rank() == session().world_size() - 1) ::raise(SIGUSR2);  // before there is a watch
  Watch watch(session(), {});
  wait_for_stop(watch);
  watch.close();
}

}  // namespace
}  // namespace titrate::comm
