// One NCCL communicator that never blocks its rank: every call returns at once and is polled against a
// deadline. Only for files that are compiled with CUDA.
#pragma once

#include <nccl.h>

#include <functional>
#include <string>
#include <string_view>

#include "titrate/comm/communicator.hpp"
#include "titrate/comm/device.hpp"
#include "titrate/core/error.hpp"

namespace titrate::comm {

// Owns the ncclComm_t. Any thread may call it, one at a time.
class NcclCommunicator {
 public:
  // Collective over `group`; makes `device` the current one. All ranks throw AgreedError where one cannot
  // start: failed with the reason, no_progress where it took longer than `timeout_seconds`.
  NcclCommunicator(const Communicator& group, const Device& device, double timeout_seconds);
  NcclCommunicator(NcclCommunicator&&) = delete;

  // Unless it was closed, aborts it, and waits a few seconds for that at most: what is queued is given up.
  ~NcclCommunicator();

  // In peace, once nothing is queued any more: waits until all ranks of the node have called it.
  void close();

  // What a call on this communicator returned; returns when NCCL has queued it. Until then neither NCCL nor
  // CUDA may be called for the stream. Throws Error: failed with NCCL's reason, no_progress.
  void complete(ncclResult_t status, const char* call) const;

  // Returns when `done` says so. Throws Error: failed as soon as NCCL reports that a rank failed,
  // no_progress when the timeout is over, counted from this call; `what` says what is waited for.
  void wait_until(const std::function<bool()>& done, std::string_view what) const;

  ncclComm_t get() const { return communicator_; }
  int rank() const { return rank_; }
  int width() const { return width_; }

 private:
  void start(const Communicator& startup, const ncclUniqueId& id);
  bool in_progress() const;
  Error failure(ncclResult_t status, std::string_view call) const;

  int rank_;
  int width_;
  double timeout_seconds_;
  std::string where_;  // host, PCI id and rank, for messages
  ncclComm_t communicator_ = nullptr;
};

}  // namespace titrate::comm
