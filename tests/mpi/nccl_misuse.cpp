// Calls NCCL as its documents forbid, as the argument says: nccl_faults_test.py looks whether the double of
// tests/fake_gpu minds.
#include <cuda_runtime_api.h>
#include <nccl.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <thread>

#include "titrate/comm/session.hpp"

namespace {

constexpr std::size_t kCount = 1000;

struct Setting {
  int rank = 0;
  int size = 0;
  ncclComm_t communicator = nullptr;
  cudaStream_t stream = nullptr;
  float* data = nullptr;
};

void pause(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

void wait_while_in_progress(ncclComm_t communicator) {
  ncclResult_t state = ncclInProgress;
  while (state == ncclInProgress) {
    pause(1);
    ncclCommGetAsyncError(communicator, &state);
  }
}

ncclResult_t sum(const Setting& s, std::size_t count = kCount) {
  return ncclAllReduce(s.data, s.data, count, ncclFloat, ncclSum, s.communicator, s.stream);
}

// A sum that waits a second for its turn.
void sum_late(const Setting& s) {
  cudaLaunchHostFunc(
      s.stream, [](void*) { pause(1000); }, nullptr);
  sum(s);
  wait_while_in_progress(s.communicator);
}

Setting begin(const titrate::comm::Communicator& world, bool waits) {
  Setting s{.rank = world.rank(), .size = world.size()};
  ncclUniqueId id{};
  if (s.rank == 0) ncclGetUniqueId(&id);
  world.broadcast(std::as_writable_bytes(std::span(&id, 1)), 0);
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  cudaSetDevice(s.rank);
  cudaStreamCreateWithFlags(&s.stream, cudaStreamNonBlocking);
  void* memory = nullptr;
  cudaMalloc(&memory, kCount * sizeof(float));
  s.data = static_cast<float*>(memory);
  ncclCommInitRankConfig(&s.communicator, s.size, id, s.rank, &config);
  if (waits) wait_while_in_progress(s.communicator);
  return s;
}

void use_after_an_error(const Setting& s) {
  sum(s);
  pause(100);
  wait_while_in_progress(s.communicator);  // and is told
  sum(s);
}

void sum_or_send(const Setting& s) {
  if (s.rank == 0) {
    sum(s);
  } else {
    ncclSend(s.data, kCount, ncclFloat, 0, s.communicator, s.stream);
  }
}

void use_while_aborting(const Setting& s) {
  std::thread([s] { ncclCommAbort(s.communicator); }).detach();
  pause(100);
  sum(s);
}

void free_early(const Setting& s) {
  sum_late(s);
  cudaFree(s.data);
}

void destroy_early(const Setting& s) {
  sum_late(s);
  ncclCommDestroy(s.communicator);
}

void record_early(const Setting& s) {
  cudaEvent_t event = nullptr;
  cudaEventCreateWithFlags(&event, cudaEventDisableTiming);
  sum(s);
  cudaEventRecord(event, s.stream);
}

const std::map<std::string, std::function<void(const Setting&)>>& cases() {
  static const std::map<std::string, std::function<void(const Setting&)>> all{
      {"use_before_start", [](const Setting& s) { sum(s); }},
      {"use_after_an_error", use_after_an_error},
      {"use_while_aborting", use_while_aborting},
      {"different_counts", [](const Setting& s) { sum(s, kCount - static_cast<std::size_t>(s.rank)); }},
      {"different_kinds", sum_or_send},
      {"free_early", free_early},
      {"destroy_early", destroy_early},
      {"record_early", record_early},
      {"never_destroyed", [](const Setting&) {}},
  };
  return all;
}

}  // namespace

int main(int, char** argv) {
  const std::string name = argv[1];
  const titrate::comm::Session session;
  cases().at(name)(begin(session.world(), name != "use_before_start"));
  if (name.starts_with("different")) pause(5000);
}
