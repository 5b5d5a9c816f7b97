// Sums in GPU memory over NCCL. NCCL chooses the order of the additions: all ranks of a run end with the same
// bits, but another width or machine may give others, so it stands in the numerics class.
#pragma once

#include <memory>

#include "titrate/comm/communicator.hpp"
#include "titrate/comm/device.hpp"
#include "titrate/comm/exchange.hpp"

namespace titrate::comm {

struct NcclOptions {
  void* stream =
      nullptr;  // the engine's cudaStream_t, which outlives the exchanges; null: the legacy default stream
  double timeout_seconds = 600;  // without progress: of starting, and of a sum
};

// The two share one NCCL communicator, and so one order of sums.
struct NcclExchanges {
  std::unique_ptr<Exchange> fast;  // "nccl": NCCL's own all-reduce
  std::unique_ptr<Exchange>
      tree;  // "nccl-tree": the fixed tree of tree.hpp, by send and receive; the bits of MpiExchange
};

// Collective over `group`, which carries NCCL's id and is not used afterwards. Makes `device` the current
// one. sum() takes memory of `device`; what the engine queues on `stream` afterwards finds the sum. Every
// rank needs a GPU to itself: where two of the group share one, all throw AgreedError (usage) with the ranks,
// the host and the PCI id. Throws Error: usage where titrate was built without CUDA or `device` is no GPU,
// failed with NCCL's reason where it refuses, no_progress where a rank never comes.
NcclExchanges make_nccl_exchanges(const Communicator& group, const Device& device,
                                  const NcclOptions& options = {});

}  // namespace titrate::comm
