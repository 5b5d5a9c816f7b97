// A non-blocking NCCL communicator: every call returns at once and is polled against a deadline. Only for
// files that are compiled with CUDA.
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

  // Aborts unless it was closed, and waits a few seconds at most. What is queued is lost.
  ~NcclCommunicator();

  // Call it when nothing is queued any more. Waits until all ranks of the node have called it.
  void close();

  // Completes a call on this communicator, which returned `status`: waits until NCCL has queued it. Until
  // then neither NCCL nor CUDA may be called for the stream. Throws Error: failed with NCCL's reason,
  // no_progress.
  void complete(ncclResult_t status, const char* call) const;

  // Polls until `done` returns true; `what` names the wait in messages. Throws Error: failed as soon as NCCL
  // reports that a rank failed, no_progress when the timeout, counted from this call, is over.
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
