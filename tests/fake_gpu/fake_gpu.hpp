// A double of the CUDA runtime and of NCCL, so that what titrate does with GPUs runs, and fails, without one.
//
// A program that links these files takes their functions instead of the libraries'. Host memory stands for
// device memory, a thread for each stream, and the ranks of a communicator talk over MPI, on tags of
// MPI_COMM_WORLD that titrate never uses. The null stream is the host itself: what it is told is done at
// once, and it waits for nothing. Calls that NCCL's or CUDA's documents forbid, and those that titrate
// promises never to make (a second stream for a communicator), end the process with a message that begins
// with "fake GPU:" (SIGABRT).
//
// Environment:
//   TITRATE_FAKE_GPUS=N               visible GPUs, 8 if not given; PCI ids 0000:01:00.0, 0000:02:00.0, ...
//   TITRATE_FAKE_NCCL_VERSION=CODE    what ncclGetVersion says, the header's if not given
//   TITRATE_FAKE_FAULT=RANK:FAULT[:NTH]   RANK: a world rank or *; NTH: of the collectives of a rank, from 1
//     init_hangs    the communicator never starts
//     init_fails    its start ends in an error
//     slow_init     it starts a second later
//     late_error    the nth collective does not end, and an asynchronous error is reported
//     stuck         the nth collective never ends
//     abort_blocks  as stuck, and ncclCommAbort never returns
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace fake_gpu {

[[noreturn]] void misuse(const std::string& what);

// Memory that queued work uses, which must not be freed before it is done.
struct Range {
  const void* begin = nullptr;
  std::size_t bytes = 0;
};

// Runs `work` in the order of the stream; at once where that is null.
void enqueue(cudaStream_t stream, std::function<void()> work, std::vector<Range> uses);

// While NCCL puts work on a stream in the background nobody else may.
void hold(cudaStream_t stream);
void release(cudaStream_t stream);

}  // namespace fake_gpu
