#ifdef TITRATE_HAS_CUDA

#include "nccl_queue.hpp"

#include <cstdio>
#include <exception>

#include "cuda_check.hpp"
#include "titrate/comm/agreement.hpp"

namespace titrate::comm {

NcclQueue::NcclQueue(const Communicator& group, const Device& device, const NcclOptions& options)
    : device_(device.index),
      engine_stream_(static_cast<cudaStream_t>(options.stream)),
      exceptions_(std::uncaught_exceptions()),
      communicator_(group, device, options.timeout_seconds) {
  together(group, [&] {
    cudaStream_t stream = nullptr;
    // Not ordered with the legacy default stream, which may be the engine's.
    check_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
    stream_.reset(stream);
    ready_ = make_event();
    for (Event& event : done_) event = make_event();
  });
}

NcclQueue::~NcclQueue() {
  if (!failure_ && std::uncaught_exceptions() <= exceptions_) {
    try {
      wait_for_all();
      communicator_.close();
      return;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "titrate: %s\n", error.what());
    }
  }
  // Sums that may never end still use it, and cudaFree would wait for them.
  static_cast<void>(scratch_.release());
}

void NcclQueue::start(const std::function<void()>& enqueue) {
  guard([&] {
    if (started_ - ended_ == kMostAhead) wait_for_oldest();
    check_cuda(cudaEventRecord(ready_.get(), engine_stream_), "cudaEventRecord");
    check_cuda(cudaStreamWaitEvent(stream_.get(), ready_.get(), 0), "cudaStreamWaitEvent");
    enqueue();
    check_cuda(cudaEventRecord(done_[started_ % kMostAhead].get(), stream_.get()), "cudaEventRecord");
    ++started_;
  });
}

void NcclQueue::finish() {
  guard([&] {
    if (started_ == ended_) return;
    const Event& newest = done_[(started_ - 1) % kMostAhead];
    check_cuda(cudaStreamWaitEvent(engine_stream_, newest.get(), 0), "cudaStreamWaitEvent");
  });
}

void NcclQueue::settle() {
  guard([&] { wait_for_all(); });
}

float* NcclQueue::scratch(std::size_t count) {
  if (count > scratch_floats_) {
    wait_for_all();  // cudaFree would, without a deadline
    scratch_.reset();
    scratch_floats_ = 0;
    void* memory = nullptr;
    check_cuda(cudaSetDevice(device_), "cudaSetDevice");
    check_cuda(cudaMalloc(&memory, count * sizeof(float)), "cudaMalloc");
    scratch_.reset(static_cast<float*>(memory));
    scratch_floats_ = count;
  }
  return scratch_.get();
}

NcclQueue::Event NcclQueue::make_event() {
  cudaEvent_t event = nullptr;
  check_cuda(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "cudaEventCreateWithFlags");
  return Event(event);
}

void NcclQueue::guard(const std::function<void()>& body) {
  if (failure_) throw Error(*failure_);
  try {
    body();
  } catch (...) {
    failure_ = describe(std::current_exception());
    throw;
  }
}

void NcclQueue::wait_for_oldest() {
  const cudaEvent_t oldest = done_[ended_ % kMostAhead].get();
  const auto is_done = [&] {
    const cudaError_t status = cudaEventQuery(oldest);
    if (status == cudaErrorNotReady) return false;
    check_cuda(status, "cudaEventQuery");
    return true;
  };
  communicator_.wait_until(is_done, "a sum to end");
  ++ended_;
}

void NcclQueue::wait_for_all() {
  while (ended_ < started_) wait_for_oldest();
}

}  // namespace titrate::comm

#endif
