#include "titrate/comm/nccl_exchange.hpp"

#include "titrate/core/error.hpp"

#ifdef TITRATE_HAS_CUDA

#include <nccl.h>

#include <exception>
#include <span>
#include <string>
#include <vector>

#include "cuda_check.hpp"
#include "titrate/comm/agreement.hpp"
#include "titrate/core/host.hpp"

namespace titrate::comm {
namespace {

void check_nccl(ncclResult_t status, const char* call, ncclComm_t communicator = nullptr) {
  if (status == ncclSuccess) return;
  std::string reason = ncclGetErrorString(status);
  const char* const last = ncclGetLastError(communicator);
  if (last != nullptr && *last != '\0') reason += std::string(" (") + last + ")";
  throw Error({.code = ErrorCode::failed, .where = call, .what = "NCCL refused the call", .got = reason});
}

// NCCL would hang, or end in an error that names nobody.
void refuse_shared_gpu(const std::vector<std::string>& gpus) {
  for (std::size_t a = 0; a < gpus.size(); ++a) {
    for (std::size_t b = a + 1; b < gpus.size(); ++b) {
      if (gpus[a] != gpus[b]) continue;
      throw Error(
          {.code = ErrorCode::usage,
           .where = "GPU " + gpus[a],
           .what = "group ranks " + std::to_string(a) + " and " + std::to_string(b) + " share it",
           .expected = "a GPU for each rank of a group",
           .hint = "use a smaller --width, fewer ranks per node, or check that each rank sees its own GPU"});
    }
  }
}

// Where an exception is on its way through, queued sums may never end: they are given up.
struct CloseNccl {
  void operator()(ncclComm_t communicator) const noexcept {
    std::uncaught_exceptions() > 0 ? ncclCommAbort(communicator) : ncclCommDestroy(communicator);
  }
};

class NcclExchange : public Exchange {
 public:
  NcclExchange(const Communicator& group, int device, void* stream)
      : rank_(group.rank()), width_(group.size()), stream_(static_cast<cudaStream_t>(stream)) {
    ncclUniqueId id{};
    together(group, [&] {
      check_cuda(cudaSetDevice(device), "cudaSetDevice");
      if (rank_ == 0) check_nccl(ncclGetUniqueId(&id), "ncclGetUniqueId");
    });
    group.broadcast(std::as_writable_bytes(std::span(&id, 1)), 0);
    together(group, [&] {
      ncclComm_t communicator = nullptr;
      check_nccl(ncclCommInitRank(&communicator, width_, id, rank_), "ncclCommInitRank");
      communicator_.reset(communicator);
    });
  }

  void sum(float* data, std::size_t count) override {
    if (count == 0) return;
    check_nccl(ncclAllReduce(data, data, count, ncclFloat, ncclSum, communicator_.get(), stream_),
               "ncclAllReduce", communicator_.get());
  }

  int rank() const override { return rank_; }
  int width() const override { return width_; }
  std::string name() const override { return "nccl"; }

 private:
  int rank_;
  int width_;
  cudaStream_t stream_;
  std::unique_ptr<ncclComm, CloseNccl> communicator_;
};

}  // namespace

NcclExchanges make_nccl_exchanges(const Communicator& group, const Device& device,
                                  const NcclOptions& options) {
  together(group, [&] {
    if (device.kind == DeviceKind::cuda) return;
    throw Error({.code = ErrorCode::usage,
                 .where = "group rank " + std::to_string(group.rank()),
                 .what = "NCCL sums between GPUs only",
                 .got = std::string(to_string(device.kind))});
  });
  const std::vector<std::string> gpus = group.all_gather(host_name() + " " + device.pci_id);
  together(group, [&] { refuse_shared_gpu(gpus); });
  return {.fast = std::make_unique<NcclExchange>(group, device.index, options.stream), .tree = nullptr};
}

}  // namespace titrate::comm

#else

namespace titrate::comm {

NcclExchanges make_nccl_exchanges(const Communicator&, const Device&, const NcclOptions&) {
  throw Error({.code = ErrorCode::usage, .where = "nccl", .what = "titrate was built without CUDA"});
}

}  // namespace titrate::comm

#endif
