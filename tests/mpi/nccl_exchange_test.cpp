// NCCL's exchanges over the double of tests/fake_gpu.
#include "titrate/comm/nccl_exchange.hpp"

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "mpi_main.hpp"
#include "random_part.hpp"
#include "support/outcome.hpp"
#include "titrate/comm/agreement.hpp"
#include "titrate/comm/mpi_exchange.hpp"

namespace titrate::comm {
namespace {

constexpr std::size_t kSizes[] = {0, 1, 2, 3, 5, 7, 1000, 21840, 1200000};

bool width_is_power_of_two() { return std::has_single_bit(static_cast<unsigned>(session().world_size())); }

Device device() { return choose_device(session().node_rank(), DeviceKind::cuda); }

// An engine's stream, on which work can be made slow.
class EngineStream {
 public:
  EngineStream() { cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking); }
  EngineStream(EngineStream&&) = delete;
  ~EngineStream() { cudaStreamDestroy(stream_); }

  cudaStream_t get() const { return stream_; }

  // Long enough that a sum which does not wait for it is wrong.
  void fill_slowly(std::vector<float>& data, float value) {
    fills_.push_back(std::make_unique<Fill>(Fill{.data = data, .value = value}));
    cudaLaunchHostFunc(
        stream_, [](void* fill) { static_cast<Fill*>(fill)->run(); }, fills_.back().get());
  }

 private:
  struct Fill {
    std::span<float> data{};
    float value = 0;

    void run() const {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      std::fill(data.begin(), data.end(), value);
    }
  };

  cudaStream_t stream_ = nullptr;
  std::vector<std::unique_ptr<Fill>> fills_;
};

NcclExchanges make(void* stream = nullptr) {
  return make_nccl_exchanges(session().world(), device(), {.stream = stream, .timeout_seconds = 60});
}

// "nccl", and "nccl-tree" where the width allows it.
std::vector<Exchange*> all_of(const NcclExchanges& exchanges) {
  std::vector<Exchange*> all{exchanges.fast.get()};
  if (width_is_power_of_two()) all.push_back(exchanges.tree.get());
  return all;
}

std::vector<float> whole_numbers(std::size_t count, int rank) {
  std::vector<float> data(count);
  for (std::size_t i = 0; i < count; ++i)
    data[i] = static_cast<float>((rank + 1) * static_cast<int>(i % 1000));
  return data;
}

void expect_sum_of_whole_numbers(const std::vector<float>& data, int width) {
  const int ranks = width * (width + 1) / 2;
  for (std::size_t i = 0; i < data.size(); ++i) {
    ASSERT_EQ(data[i], static_cast<float>(ranks * static_cast<int>(i % 1000))) << i << " of " << data.size();
  }
}

// An environment variable that lasts as long as this.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  Environment(Environment&&) = delete;
  ~Environment() { ::unsetenv(name_); }

 private:
  const char* name_;
};

TEST(NcclExchange, SaysWhatItIs) {
  const NcclExchanges exchanges = make();
  EXPECT_EQ(exchanges.fast->name(), "nccl");
  EXPECT_EQ(exchanges.tree->name(), "nccl-tree");
  for (const Exchange* exchange : {exchanges.fast.get(), exchanges.tree.get()}) {
    EXPECT_EQ(exchange->rank(), session().world_rank());
    EXPECT_EQ(exchange->width(), session().world_size());
    EXPECT_TRUE(exchange->overlaps());
  }
}

TEST(NcclExchange, SumsWholeNumbersExactly) {
  const NcclExchanges exchanges = make();
  for (Exchange* exchange : all_of(exchanges)) {
    for (const std::size_t count : kSizes) {
      std::vector<float> data = whole_numbers(count, exchange->rank());
      exchange->sum(data.data(), count);
      exchange->settle();
      expect_sum_of_whole_numbers(data, exchange->width());
    }
  }
}

TEST(NcclExchange, HasTheBitsOfMpiInItsTree) {
  if (!width_is_power_of_two()) GTEST_SKIP() << "the tree needs a width that is a power of two";
  const NcclExchanges exchanges = make();
  MpiExchange mpi(session().world());
  bool fast_is_another_order = false;
  for (const std::size_t count : kSizes) {
    const std::vector<float> part = random_part(count, session().world_rank());
    std::vector<float> expected = part, tree = part, fast = part;
    mpi.sum(expected.data(), count);
    exchanges.tree->sum(tree.data(), count);
    exchanges.fast->sum(fast.data(), count);
    exchanges.tree->settle();
    EXPECT_TRUE(same_bits(tree, expected)) << count;
    fast_is_another_order = fast_is_another_order || !same_bits(fast, expected);
  }
  // Or the double could not tell which of the two ran.
  EXPECT_EQ(fast_is_another_order, session().world_size() > 2);
}

TEST(NcclExchange, TakesTheSumsOfBothInTurns) {
  const NcclExchanges exchanges = make();
  const std::vector<Exchange*> both = all_of(exchanges);
  std::vector<std::vector<float>> all;
  for (std::size_t i = 0; i < 40; ++i) all.push_back(whole_numbers(100 + i, session().world_rank()));
  for (std::size_t i = 0; i < all.size(); ++i) both[i % both.size()]->sum(all[i].data(), all[i].size());
  exchanges.fast->settle();
  for (const std::vector<float>& data : all) expect_sum_of_whole_numbers(data, session().world_size());
}

// The engine writes late, and reads after finish(): both only in the order of its stream.
TEST(NcclExchange, WaitsForTheEngineAndTheEngineForIt) {
  EngineStream engine;
  const NcclExchanges exchanges = make(engine.get());
  for (Exchange* exchange : all_of(exchanges)) {
    std::vector<std::vector<float>> buckets(5, std::vector<float>(1000, -1.0F));
    std::vector<std::vector<float>> copies(buckets.size(), std::vector<float>(1000));
    for (std::size_t i = 0; i < buckets.size(); ++i) {
      engine.fill_slowly(buckets[i], static_cast<float>(i + 1));
      exchange->start(buckets[i].data(), buckets[i].size());
    }
    exchange->finish();
    for (std::size_t i = 0; i < buckets.size(); ++i) {
      cudaMemcpyAsync(copies[i].data(), buckets[i].data(), 1000 * sizeof(float), cudaMemcpyDefault,
                      engine.get());
    }
    cudaStreamSynchronize(engine.get());
    for (std::size_t i = 0; i < buckets.size(); ++i) {
      EXPECT_EQ(copies[i], std::vector<float>(1000, static_cast<float>(i + 1) * exchange->width())) << i;
    }
  }
}

TEST(NcclExchange, QueuesAThousandSumsWithoutSettling) {
  const NcclExchanges exchanges = make();
  for (Exchange* exchange : all_of(exchanges)) {
    std::vector<std::vector<float>> all(1000, std::vector<float>(16, 1.0F));
    for (std::vector<float>& data : all) exchange->sum(data.data(), data.size());
    exchange->settle();
    for (const std::vector<float>& data : all) {
      ASSERT_EQ(data, std::vector<float>(16, static_cast<float>(exchange->width())));
    }
  }
}

// So that a rank that hangs is found before a whole epoch is queued.
TEST(NcclExchange, LetsTheHostRunSixtyFourSumsAhead) {
  EngineStream engine;
  const NcclExchanges exchanges = make(engine.get());
  std::vector<float> late(1, 0.0F), data(65, 1.0F);
  exchanges.fast->sum(data.data(), data.size());
  exchanges.fast->settle();
  for (int i = 0; i < 40; ++i) engine.fill_slowly(late, static_cast<float>(i));  // 200 ms
  for (std::size_t i = 0; i < 64; ++i) exchanges.fast->start(&data[i], 1);
  exchanges.fast->start(&data[64], 1);
  EXPECT_EQ(late[0], 39.0F);
  exchanges.fast->settle();
}

TEST(NcclExchange, EndsInPeaceWithSumsStillQueued) {
  std::vector<float> data = whole_numbers(21840, session().world_rank());
  {
    const NcclExchanges exchanges = make();
    for (Exchange* exchange : all_of(exchanges)) exchange->start(data.data(), 0);
    exchanges.fast->start(data.data(), data.size());
  }
  expect_sum_of_whole_numbers(data, session().world_size());
}

TEST(NcclExchange, OutlivesTheOtherOfThePair) {
  NcclExchanges exchanges = make();
  exchanges.fast.reset();
  if (!width_is_power_of_two()) return;
  std::vector<float> data = whole_numbers(1000, session().world_rank());
  exchanges.tree->sum(data.data(), data.size());
  exchanges.tree->settle();
  expect_sum_of_whole_numbers(data, session().world_size());
}

TEST(NcclExchange, RefusesATreeOfAnotherWidth) {
  if (width_is_power_of_two()) GTEST_SKIP() << "this width has a tree";
  const NcclExchanges exchanges = make();
  std::vector<float> data(10, 1.0F);
  const Outcome got = outcome([&] { exchanges.tree->sum(data.data(), data.size()); });
  EXPECT_EQ(got.code, ErrorCode::usage);
  EXPECT_NE(got.message.find("power of two"), std::string::npos) << got.message;
}

TEST(NcclExchange, RefusesASharedGpuByName) {
  if (session().world_size() == 1) GTEST_SKIP() << "one rank has its GPU to itself";
  const Environment one("TITRATE_FAKE_GPUS", "1");
  const Outcome got = outcome([] { make(); });
  EXPECT_EQ(got.code, ErrorCode::usage);
  EXPECT_NE(got.message.find("0000:01:00.0"), std::string::npos) << got.message;
  EXPECT_NE(got.message.find("group ranks 0 and 1"), std::string::npos) << got.message;
}

TEST(NcclExchange, RefusesAnOlderLibraryAndOneOfAnotherMajorVersion) {
  for (const char* version : {"22808", "30000"}) {
    const Environment other("TITRATE_FAKE_NCCL_VERSION", version);
    const Outcome got = outcome([] { make(); });
    EXPECT_EQ(got.code, ErrorCode::failed);
    EXPECT_NE(got.message.find("does not fit the header"), std::string::npos) << got.message;
  }
}

TEST(NcclExchange, RefusesAProcessor) {
  const Outcome got = outcome([] { make_nccl_exchanges(session().world(), Device{}); });
  EXPECT_EQ(got.code, ErrorCode::usage);
}

TEST(NcclExchange, StartsLateButStarts) {
  const Environment slow("TITRATE_FAKE_FAULT", "0:slow_init");
  const NcclExchanges exchanges = make();
  std::vector<float> data = whole_numbers(100, session().world_rank());
  exchanges.fast->sum(data.data(), data.size());
  exchanges.fast->settle();
  expect_sum_of_whole_numbers(data, session().world_size());
}

TEST(NcclExchange, NamesHostAndGpuWhereARankNeverStarts) {
  const Environment hanging("TITRATE_FAKE_FAULT", "0:init_hangs");
  const Outcome got = outcome(
      [] { make_nccl_exchanges(session().world(), device(), {.stream = nullptr, .timeout_seconds = 0.3}); });
  EXPECT_EQ(got.code, ErrorCode::no_progress);
  EXPECT_NE(got.message.find("GPU 0000:01:00.0, group rank 0 of"), std::string::npos) << got.message;
  EXPECT_NE(got.message.find("no progress for 0.3 s"), std::string::npos) << got.message;
}

// The others must not wait for their own deadline.
TEST(NcclExchange, TellsAllRanksWhyOneDoesNotStart) {
  const std::string last = std::to_string(session().world_size() - 1);
  const Environment failing("TITRATE_FAKE_FAULT", (last + ":init_fails").c_str());
  const auto start = std::chrono::steady_clock::now();
  const Outcome got = outcome([] { make(); });
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_EQ(got.code, ErrorCode::failed);
  EXPECT_NE(got.message.find("group rank " + last), std::string::npos) << got.message;
  EXPECT_NE(got.message.find("the start fails on request"), std::string::npos) << got.message;
}

// Once is enough: what is known to hang is not waited for when the exchanges go.
TEST(NcclExchange, GivesUpASumThatNeverEndsAfterOneDeadline) {
  const Environment stuck("TITRATE_FAKE_FAULT", "*:stuck");
  std::vector<float> data(100, 1.0F);
  NcclExchanges exchanges =
      make_nccl_exchanges(session().world(), device(), {.stream = nullptr, .timeout_seconds = 4});
  exchanges.fast->sum(data.data(), data.size());
  const Outcome got = outcome([&] { exchanges.fast->settle(); });
  EXPECT_EQ(got.code, ErrorCode::no_progress);
  EXPECT_NE(got.message.find("waiting for a sum to end"), std::string::npos) << got.message;
  const auto start = std::chrono::steady_clock::now();
  exchanges = {};
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(3));
}

// Each rank's second sum does not end, and whatever is asked for afterwards says the same.
TEST(NcclExchange, IsOfNoUseAfterAnError) {
  const Environment failing("TITRATE_FAKE_FAULT", "*:late_error:2");
  const NcclExchanges exchanges = make();
  std::vector<float> data = whole_numbers(100, session().world_rank());
  exchanges.fast->sum(data.data(), data.size());
  exchanges.fast->settle();
  expect_sum_of_whole_numbers(data, session().world_size());
  exchanges.fast->sum(data.data(), data.size());
  const Outcome first = outcome([&] { exchanges.fast->settle(); });
  EXPECT_EQ(first.code, ErrorCode::failed);
  EXPECT_NE(first.message.find("a late error on request"), std::string::npos) << first.message;
  for (Exchange* exchange : all_of(exchanges)) {
    if (exchange->width() > 1) {
      EXPECT_EQ(outcome([&] { exchange->sum(data.data(), data.size()); }).message, first.message);
    }
    EXPECT_EQ(outcome([&] { exchange->settle(); }).message, first.message);
  }
}

}  // namespace
}  // namespace titrate::comm
