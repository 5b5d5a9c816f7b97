#include "titrate/comm/exchange_probe.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "titrate/comm/agreement.hpp"
#include "titrate/comm/nccl_exchange.hpp"
#include "titrate/core/error.hpp"

#ifdef TITRATE_HAS_CUDA
#include "cuda_check.hpp"
#endif

namespace titrate::comm {
namespace {

constexpr std::size_t kCount = std::size_t{1} << 20;
constexpr int kLongSums = 4;
constexpr int kShortSums = 50;

// The buffer of a probe: its address for the exchange, and the host's access to it.
struct Memory {
  float* data = nullptr;
  std::function<void(const std::vector<float>&)> write{};
  std::function<void(std::vector<float>&)> read{};
};

// Small whole numbers, whose sums are exact in any order on up to 299,000 ranks.
float number(std::size_t i, int rank) {
  return static_cast<float>((i % 7 + 1) * (static_cast<unsigned>(rank) % 8 + 1));
}

bool is_right(std::span<const float> sums, int width) {
  std::array<float, 7> right{};  // number() repeats itself
  for (std::size_t i = 0; i < right.size(); ++i) {
    for (int rank = 0; rank < width; ++rank) right[i] += number(i, rank);
  }
  bool all = true;
  for (std::size_t i = 0; i < sums.size(); ++i) all = all && sums[i] == right[i % right.size()];
  return all;
}

double timed(Exchange& exchange, float* data, std::size_t count) {
  const auto start = std::chrono::steady_clock::now();
  exchange.sum(data, count);
  exchange.settle();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

ExchangeProbe probe(Exchange& exchange, const Memory& memory) {
  std::vector<float> own(kCount), sum(kCount);
  for (std::size_t i = 0; i < kCount; ++i) own[i] = number(i, exchange.rank());
  ExchangeProbe result{.bytes = kCount * sizeof(float), .seconds = 1e9, .right = true};
  for (int k = 0; k < kLongSums; ++k) {
    memory.write(own);
    result.seconds = std::min(result.seconds, timed(exchange, memory.data, kCount));
    memory.read(sum);
    result.right = result.right && is_right(sum, exchange.width());
  }
  double total = 0;
  for (int k = 0; k < kShortSums; ++k) total += timed(exchange, memory.data, 1);
  result.latency_seconds = total / kShortSums;
  return result;
}

}  // namespace

ExchangeProbe probe_exchange(Exchange& exchange) {
  std::vector<float> numbers(kCount);
  return probe(exchange, {.data = numbers.data(),
                          .write = [&](const std::vector<float>& from) { numbers = from; },
                          .read = [&](std::vector<float>& to) { to = numbers; }});
}

#ifdef TITRATE_HAS_CUDA

ExchangeProbe probe_nccl(const Communicator& group, const Device& gpu, double seconds) {
  const auto give_back = [](float* data) { cudaFree(data); };
  constexpr std::size_t kBytes = kCount * sizeof(float);
  void* address = nullptr;
  together(group, [&] {
    check_cuda(cudaSetDevice(gpu.index), "cudaSetDevice");
    check_cuda(cudaMalloc(&address, kBytes), "cudaMalloc");
  });
  const std::unique_ptr<float, decltype(give_back)> numbers(static_cast<float*>(address), give_back);
  const NcclExchanges exchanges = make_nccl_exchanges(group, gpu, {.timeout_seconds = seconds});
  const auto write = [&](const std::vector<float>& from) {
    check_cuda(cudaMemcpy(numbers.get(), from.data(), kBytes, cudaMemcpyHostToDevice), "cudaMemcpy");
  };
  const auto read = [&](std::vector<float>& to) {
    check_cuda(cudaMemcpy(to.data(), numbers.get(), kBytes, cudaMemcpyDeviceToHost), "cudaMemcpy");
  };
  return probe(*exchanges.fast, {.data = numbers.get(), .write = write, .read = read});
}

#else

ExchangeProbe probe_nccl(const Communicator& group, const Device& gpu, double) {
  make_nccl_exchanges(group, gpu);
  throw Error({.code = ErrorCode::internal, .what = "titrate was built without CUDA"});
}

#endif

}  // namespace titrate::comm
