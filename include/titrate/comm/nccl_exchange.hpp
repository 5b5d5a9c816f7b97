// The exchange over NCCL, in GPU memory. NCCL chooses the order of the additions: all ranks of a run get the
// same bits, but another width or machine may give others, so it is part of the numerics class.
//
// A rank has one NCCL communicator and one stream for it, on which the sums run in the order of the calls.
// So there is one order of collectives per device, and no two ranks wait for each other's next sum.
//
// Every wait has a deadline. The host runs at most 64 sums ahead and then waits for the oldest, as settle()
// waits for all. NCCL's asynchronous errors are thrown there, or at the next call. After an error every call
// throws the same one again, and the destructor aborts the communicator.
#pragma once

#include <memory>

#include "titrate/comm/communicator.hpp"
#include "titrate/comm/device.hpp"
#include "titrate/comm/exchange.hpp"

namespace titrate::comm {

struct NcclOptions {
  // The engine's cudaStream_t, which outlives the exchanges; null: the legacy default stream.
  void* stream = nullptr;
  double timeout_seconds = 600;  // without progress: of starting, of a sum, of ending
};

// The two share one NCCL communicator, and so one order of sums. Any thread may call them, one at a time.
// Memory that is summed must live until settle(), or until the engine's stream is past finish().
struct NcclExchanges {
  std::unique_ptr<Exchange> fast;  // "nccl": NCCL's own all-reduce

  // "nccl-tree": the fixed tree of src/comm/tree.hpp, by send and receive, with the bits of MpiExchange. Its
  // sums throw Error (usage) where the width is no power of two.
  std::unique_ptr<Exchange> tree;
};

// Collective over `group`, which carries NCCL's id and is not used afterwards. Makes `device` the current
// one. sum() takes memory of `device`; what the engine queues on `stream` afterwards finds the sum. Every
// rank needs a GPU to itself: where two of the group share one, all throw AgreedError (usage) with the ranks,
// the host and the PCI id. Throws Error: usage where titrate was built without CUDA or `device` is no GPU,
// failed with NCCL's reason where it refuses or is older than its header, no_progress where a rank never
// comes; the message names host, PCI id and group rank. Destroying the second of the two ends the
// communicator, which all ranks of a node must do: it waits for the others, but aborts while an exception is
// on its way.
NcclExchanges make_nccl_exchanges(const Communicator& group, const Device& device,
                                  const NcclOptions& options = {});

}  // namespace titrate::comm
