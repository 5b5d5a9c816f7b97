// What stands behind a ncclComm_t of the double, and what its threads do in the background.
#pragma once

#include <nccl.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "fake_ranks.hpp"

namespace fake_gpu {

struct Id {
  int root = 0;  // the world rank that made it
  int number = 0;
};

struct Member {
  int size = 0;
  int rank = 0;
  int world_rank = 0;
  int device = 0;
  std::array<char, 64> host{};
};

struct Operation {
  Kind kind = Kind::all_reduce;
  const float* in = nullptr;
  float* out = nullptr;
  std::size_t count = 0;
  int peer = -1;
  cudaStream_t stream = nullptr;
};

enum class Phase { live, finalizing, finalized, gone };

}  // namespace fake_gpu

// Never freed, so that the use of one that is gone can be told.
struct ncclComm {
  fake_gpu::Id id{};
  fake_gpu::Member self{};
  fake_gpu::Fault fault{};
  std::vector<int> world_ranks{};  // by rank
  std::optional<fake_gpu::Ranks> ranks{};
  std::thread background{};  // starts, queues or finalizes: one at a time
  std::atomic<ncclResult_t> state = ncclInProgress;
  std::atomic<bool> was_told = false;  // that it is broken
  std::atomic<bool> is_over = false;   // aborted
  std::atomic<int> pending = 0;        // operations that were queued and have not ended
  std::atomic<bool> is_executing = false;
  std::atomic<bool> is_called = false;
  std::atomic<fake_gpu::Phase> phase = fake_gpu::Phase::live;
  int launched = 0;
  std::optional<cudaStream_t> stream{};
};

namespace fake_gpu {

std::string name_of(const ncclComm& c);

// Breaks the communicator; `reason` is what ncclGetLastError gives from now on.
void fail(ncclComm& c, ncclResult_t state, const std::string& reason);
std::string last_error();

// Each returns when it is done, or when the communicator is aborted.
void start(ncclComm& c);
void execute(ncclComm& c, int number, const std::vector<Operation>& operations);  // the number-th, from 1
void finalize(ncclComm& c);

}  // namespace fake_gpu
