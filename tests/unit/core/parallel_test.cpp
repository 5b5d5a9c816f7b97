#include "titrate/core/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace titrate {
namespace {

TEST(ParallelFor, VisitsEveryIndexOnce) {
  for (const unsigned threads : {1u, 2u, 7u}) {
    for (const std::size_t count : {0u, 1u, 5u, 1000u}) {
      std::vector<std::atomic<int>> visits(count);
      parallel_for(count, threads, [&](std::size_t i) { ++visits[i]; });
      for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(visits[i], 1) << i << " of " << count;
    }
  }
}

TEST(ParallelFor, StaysOnThisThreadWithOne) {
  const auto self = std::this_thread::get_id();
  parallel_for(10, 1, [&](std::size_t) { EXPECT_EQ(std::this_thread::get_id(), self); });
}

TEST(ParallelFor, ThrowsTheFirstByIndex) {
  for (const unsigned threads : {1u, 2u, 4u}) {
    std::atomic<int> running{0};
    try {
      parallel_for(100, threads, [&](std::size_t i) {
        ++running;
        // The first one fails last.
        if (i == 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        --running;
        throw std::runtime_error(std::to_string(i));
      });
      FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "0");
    }
    EXPECT_EQ(running, 0) << "thrown before all threads had ended";
  }
}

TEST(ParallelFor, StopsAfterAnException) {
  std::atomic<int> visits{0};
  EXPECT_THROW(parallel_for(1'000'000, 2,
                            [&](std::size_t) {
                              ++visits;
                              throw std::runtime_error("no");
                            }),
               std::runtime_error);
  EXPECT_LE(visits, 2);
}

TEST(UsableProcessors, AreOneOrMore) { EXPECT_GE(usable_processors(), 1u); }

}  // namespace
}  // namespace titrate
