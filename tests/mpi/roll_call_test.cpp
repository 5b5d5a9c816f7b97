#include "titrate/comm/roll_call.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "mpi_main.hpp"

namespace titrate::comm {
namespace {

using namespace std::chrono_literals;

TEST(Deadline, CallsOnlyWhoIsLate) {
  std::atomic<int> calls = 0;
  {
    const Deadline early(60, [&] { ++calls; });
  }
  EXPECT_EQ(calls, 0);
  const Deadline late(0.01, [&] { ++calls; });
  while (calls == 0) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(calls, 1);
}

TEST(RollCall, IsSilentWhereAllCome) {
  std::atomic<int> calls = 0;
  {
    RollCall roll_call(session(), [&](const std::string&, const std::string&) { ++calls; });
    roll_call.enter("short", 30);
    roll_call.enter("long", 30);
    if (session().world_rank() == session().world_size() - 1) std::this_thread::sleep_for(300ms);
    session().world().barrier();
  }
  EXPECT_EQ(calls, 0);
}

TEST(RollCall, NamesWhoDidNotComeAndWhereItIs) {
  const int last = session().world_size() - 1;
  if (last == 0) GTEST_SKIP() << "skipped: one rank waits for nobody";
  std::string found;
  std::atomic<bool> called = false;
  {
    RollCall roll_call(session(), [&](const std::string& step, const std::string& what) {
      found = step + ": " + what;
      called = true;
    });
    roll_call.enter("work", 0.3);
    if (session().world_rank() == last) std::this_thread::sleep_for(2s);
    roll_call.enter("rest", 30);
  }
  EXPECT_EQ(called, session().world_rank() == 0);
  if (called) {
    EXPECT_EQ(found, "work: no end after 0 s on rank " + std::to_string(last));
  }
}

}  // namespace
}  // namespace titrate::comm
