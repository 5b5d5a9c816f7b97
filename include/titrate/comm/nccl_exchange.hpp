// Sums in GPU memory over NCCL. NCCL chooses the order of the additions: all ranks of a run end with the same
// bits, but another width or machine may give others, so it stands in the numerics class.
#pragma once

#include <memory>

#include "titrate/comm/communicator.hpp"
#include "titrate/comm/device.hpp"
#include "titrate/comm/exchange.hpp"

namespace titrate::comm {

// Collective over `group`, which carries NCCL's id and is not used afterwards. Makes `device` the current
// one. sum() takes memory of `device` and is queued on `stream` (a cudaStream_t that outlives the exchange;
// null is the legacy default stream): it returns before the sum is there. Every rank needs a GPU to itself:
// where two of the group share one, all throw AgreedError (usage) with the ranks, the host and the PCI id.
// Throws Error: usage where titrate was built without CUDA or `device` is no GPU, failed with NCCL's reason
// where it refuses.
std::unique_ptr<Exchange> make_nccl_exchange(const Communicator& group, const Device& device,
                                             void* stream = nullptr);

}  // namespace titrate::comm
