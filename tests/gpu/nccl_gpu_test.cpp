// The real NCCL and CUDA, on as many GPUs as there are ranks; over the double of tests/fake_gpu, too, so that
// these tests are known to run before they meet a GPU.
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

#include "../../src/comm/tree.hpp"
#include "device_add.hpp"
#include "mpi/mpi_main.hpp"
#include "titrate/comm/mpi_exchange.hpp"
#include "titrate/comm/nccl_exchange.hpp"
#include "titrate/core/random.hpp"

namespace titrate::comm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kSizes[] = {0, 1, 2, 3, 255, 256, 257, 21840, 1200003};

// Numbers of a GPU.
class DeviceFloats {
 public:
  explicit DeviceFloats(const std::vector<float>& values) : count_(values.size()) {
    void* memory = nullptr;
    check(cudaMalloc(&memory, count_ * sizeof(float)));
    data_ = static_cast<float*>(memory);
    check(cudaMemcpy(data_, values.data(), count_ * sizeof(float), cudaMemcpyHostToDevice));
  }
  DeviceFloats(DeviceFloats&&) = delete;
  ~DeviceFloats() { cudaFree(data_); }

  float* data() const { return data_; }
  std::size_t size() const { return count_; }

  std::vector<float> values() const {
    std::vector<float> values(count_);
    check(cudaMemcpy(values.data(), data_, count_ * sizeof(float), cudaMemcpyDeviceToHost));
    return values;
  }

 private:
  static void check(cudaError_t status) { EXPECT_EQ(status, cudaSuccess) << cudaGetErrorString(status); }

  std::size_t count_;
  float* data_ = nullptr;
};

// Of very different size, so that another order of additions shows; and the smallest there are.
std::vector<float> random_part(std::size_t count, int part) {
  RandomStream stream(7, Purpose::test, static_cast<std::uint64_t>(part));
  std::vector<float> values(count);
  for (float& value : values) {
    const int exponent = static_cast<int>(stream.below(160)) - 145;
    value = static_cast<float>(stream.uniform(-1.0, 1.0) * std::exp2(exponent));
  }
  return values;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

class Gpu : public testing::Test {
 protected:
  void SetUp() override {
    const int gpus = visible_gpus();
    if (gpus == 0) GTEST_SKIP() << "skipped: no GPU";
    if (gpus < session().node_size()) GTEST_SKIP() << "skipped: fewer GPUs than ranks";
    device_ = choose_device(session().node_rank(), DeviceKind::cuda);
    ASSERT_EQ(cudaSetDevice(device_.index), cudaSuccess);
  }

  NcclExchanges make() const {
    return make_nccl_exchanges(session().world(), device_, {.stream = nullptr, .timeout_seconds = 60});
  }

  // "nccl", and "nccl-tree" where the width allows it.
  static std::vector<Exchange*> all_of(const NcclExchanges& exchanges) {
    std::vector<Exchange*> all{exchanges.fast.get()};
    if (std::has_single_bit(static_cast<unsigned>(session().world_size())))
      all.push_back(exchanges.tree.get());
    return all;
  }

  Device device_{};
};

TEST_F(Gpu, AddsWithTheBitsOfTheHost) {
  for (const std::size_t count : kSizes) {
    std::vector<float> expected = random_part(count, 0);
    const std::vector<float> other = random_part(count, 1);
    const DeviceFloats sum(expected), addend(other);
    ASSERT_EQ(add_on_device(sum.data(), addend.data(), count, nullptr), cudaSuccess);
    ASSERT_EQ(cudaStreamSynchronize(nullptr), cudaSuccess);
    add(expected, other);
    EXPECT_TRUE(same_bits(sum.values(), expected)) << count;
  }
}

TEST_F(Gpu, SumsWholeNumbersExactly) {
  const NcclExchanges exchanges = make();
  for (Exchange* exchange : all_of(exchanges)) {
    const int width = exchange->width();
    for (const std::size_t count : kSizes) {
      const DeviceFloats data(std::vector<float>(count, static_cast<float>(exchange->rank() + 1)));
      exchange->sum(data.data(), count);
      exchange->settle();
      const std::vector<float> expected(count, static_cast<float>(width * (width + 1) / 2));
      EXPECT_TRUE(same_bits(data.values(), expected)) << exchange->name() << ", " << count;
    }
  }
}

TEST_F(Gpu, HasTheBitsOfMpiInItsTree) {
  const NcclExchanges exchanges = make();
  if (all_of(exchanges).size() == 1) GTEST_SKIP() << "skipped: the tree needs a width that is a power of two";
  MpiExchange mpi(session().world());
  for (const std::size_t count : kSizes) {
    std::vector<float> expected = random_part(count, session().world_rank());
    const DeviceFloats data(expected);
    mpi.sum(expected.data(), count);
    exchanges.tree->sum(data.data(), count);
    exchanges.tree->settle();
    EXPECT_TRUE(same_bits(data.values(), expected)) << count;
  }
}

TEST_F(Gpu, SumsAThousandStepsOfSeveralBuckets) {
  const NcclExchanges exchanges = make();
  for (Exchange* exchange : all_of(exchanges)) {
    const DeviceFloats data(std::vector<float>(3000, 0.0F));
    for (int step = 0; step < 1000; ++step) {
      for (std::size_t bucket = 0; bucket < 3; ++bucket) exchange->start(data.data() + 1000 * bucket, 1000);
      exchange->finish();
    }
    exchange->settle();
    EXPECT_TRUE(same_bits(data.values(), std::vector<float>(3000, 0.0F)));
  }
}

// No claim, but a figure for the README.
TEST_F(Gpu, SaysWhatASumCosts) {
  constexpr int kSums = 1000;
  const NcclExchanges exchanges = make();
  for (Exchange* exchange : all_of(exchanges)) {
    for (const std::size_t count : {std::size_t{21840}, std::size_t{1200000}}) {
      const DeviceFloats data(std::vector<float>(count, 0.0F));
      for (int i = 0; i < 100; ++i) exchange->sum(data.data(), count);
      exchange->settle();
      const Clock::time_point start = Clock::now();
      for (int i = 0; i < kSums; ++i) exchange->sum(data.data(), count);
      exchange->settle();
      const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
      if (exchange->rank() > 0) continue;
      std::printf("%s, %d ranks, %zu floats: %.1f us a sum\n", exchange->name().c_str(), exchange->width(),
                  count, seconds / kSums * 1e6);
    }
  }
}

}  // namespace
}  // namespace titrate::comm
