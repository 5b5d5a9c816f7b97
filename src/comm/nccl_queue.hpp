// The queue of a group's sums on a GPU: a stream beside the engine's, on which they run in the order of the
// calls while the engine computes. Only for files that are compiled with CUDA.
//
// Every wait for the device has a deadline, and the host runs a limited number of sums ahead, so that a rank
// that hangs is found. After an error every call throws the same one at once.
#pragma once

#include <cuda_runtime_api.h>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include "nccl_communicator.hpp"
#include "titrate/comm/nccl_exchange.hpp"

namespace titrate::comm {

// Owns the NCCL communicator, the stream, its events and scratch memory. Any thread may call it, one at a
// time.
class NcclQueue {
 public:
  // Collective over `group`, like NcclCommunicator's. `options.stream` is the engine's.
  NcclQueue(const Communicator& group, const Device& device, const NcclOptions& options);
  NcclQueue(NcclQueue&&) = delete;

  // Waits for what is queued, and for the other ranks of the node. After an error, or while an exception is
  // on its way, aborts instead.
  ~NcclQueue();

  // Runs `enqueue`, which queues one sum on stream(). The sum begins when what the engine's stream holds now
  // is done. Waits for the oldest sum first where kMostAhead are queued.
  void start(const std::function<void()>& enqueue);

  // Work that the engine's stream gets afterwards finds all sums complete.
  void finish();

  // Waits until all sums are complete.
  void settle();

  // Device memory for `count` numbers, for use on stream(). Invalidates what an earlier call returned.
  float* scratch(std::size_t count);

  const NcclCommunicator& communicator() const { return communicator_; }
  cudaStream_t stream() const { return stream_.get(); }

 private:
  static constexpr std::size_t kMostAhead = 64;

  struct Destroy {
    void operator()(cudaStream_t stream) const noexcept { cudaStreamDestroy(stream); }
    void operator()(cudaEvent_t event) const noexcept { cudaEventDestroy(event); }
    void operator()(float* memory) const noexcept { cudaFree(memory); }
  };
  using Stream = std::unique_ptr<CUstream_st, Destroy>;
  using Event = std::unique_ptr<CUevent_st, Destroy>;

  static Event make_event();
  void guard(const std::function<void()>& body);
  void wait_for_oldest();
  void wait_for_all();

  int device_;
  cudaStream_t engine_stream_;
  int exceptions_;
  std::optional<ErrorInfo> failure_;
  Stream stream_;
  Event ready_;                         // the engine has what the next sum takes
  std::array<Event, kMostAhead> done_;  // of sum i: done_[i % kMostAhead]
  std::size_t started_ = 0;
  std::size_t ended_ = 0;  // as far as the host has seen
  std::unique_ptr<float, Destroy> scratch_;
  std::size_t scratch_floats_ = 0;
  NcclCommunicator communicator_;  // last, so that sums which hang are aborted before anything is freed
};

}  // namespace titrate::comm
