#include "titrate/comm/nccl_exchange.hpp"

#include "titrate/core/error.hpp"

#ifdef TITRATE_HAS_CUDA

#include <bit>
#include <span>
#include <string>
#include <vector>

#include "cuda_check.hpp"
#include "device_add.hpp"
#include "halving.hpp"
#include "nccl_queue.hpp"
#include "titrate/comm/agreement.hpp"
#include "titrate/core/host.hpp"

namespace titrate::comm {
namespace {

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

// Both directions at once, since each alone would wait for the other.
void swap_with(int partner, std::span<const float> out, std::span<float> in, const NcclQueue& queue) {
  if (out.empty() && in.empty()) return;
  const NcclCommunicator& communicator = queue.communicator();
  communicator.complete(ncclGroupStart(), "ncclGroupStart");
  ncclResult_t send = ncclSuccess, receive = ncclSuccess;
  if (!out.empty())
    send = ncclSend(out.data(), out.size(), ncclFloat, partner, communicator.get(), queue.stream());
  if (!in.empty())
    receive = ncclRecv(in.data(), in.size(), ncclFloat, partner, communicator.get(), queue.stream());
  const ncclResult_t group = ncclGroupEnd();
  for (const ncclResult_t status : {send, receive}) {
    if (status != ncclInProgress) communicator.complete(status, "ncclSend or ncclRecv");
  }
  communicator.complete(group, "ncclGroupEnd");
}

void sum_in_tree(std::span<float> data, NcclQueue& queue) {
  const std::size_t half = data.size() - data.size() / 2;
  const NcclCommunicator& communicator = queue.communicator();
  sum_by_halving(
      data, {queue.scratch(half), half}, {communicator.rank(), communicator.width()},
      [&](int partner, std::span<const float> out, std::span<float> in) {
        swap_with(partner, out, in, queue);
      },
      [&](std::span<float> sum, std::span<const float> other) {
        check_cuda(add_on_device(sum.data(), other.data(), sum.size(), queue.stream()), "add_on_device");
      });
}

class NcclExchange : public Exchange {
 public:
  explicit NcclExchange(std::shared_ptr<NcclQueue> queue) : queue_(std::move(queue)) {}

  void sum(float* data, std::size_t count) override {
    start(data, count);
    finish();
  }

  void finish() override { queue_->finish(); }
  bool overlaps() const override { return true; }
  void settle() override { queue_->settle(); }
  int rank() const override { return queue_->communicator().rank(); }
  int width() const override { return queue_->communicator().width(); }

 protected:
  NcclQueue& queue() const { return *queue_; }

 private:
  std::shared_ptr<NcclQueue> queue_;
};

class FastExchange : public NcclExchange {
 public:
  using NcclExchange::NcclExchange;

  void start(float* data, std::size_t count) override {
    if (count == 0) return;
    queue().start([&] {
      const NcclCommunicator& communicator = queue().communicator();
      communicator.complete(
          ncclAllReduce(data, data, count, ncclFloat, ncclSum, communicator.get(), queue().stream()),
          "ncclAllReduce");
    });
  }

  std::string name() const override { return "nccl"; }
};

class TreeExchange : public NcclExchange {
 public:
  using NcclExchange::NcclExchange;

  void start(float* data, std::size_t count) override {
    if (!std::has_single_bit(static_cast<unsigned>(width()))) {
      throw Error({.code = ErrorCode::usage,
                   .where = name(),
                   .what = "the fixed tree needs a width that is a power of two",
                   .got = std::to_string(width())});
    }
    if (count == 0 || width() == 1) return;
    queue().start([&] { sum_in_tree({data, count}, queue()); });
  }

  std::string name() const override { return "nccl-tree"; }
};

}  // namespace

NcclExchanges make_nccl_exchanges(const Communicator& group, const Device& device,
                                  const NcclOptions& options) {
  together(group, [&] {
    if (device.kind == DeviceKind::cuda) return;
    throw Error({.code = ErrorCode::usage,
                 .where = "group rank " + std::to_string(group.rank()),
                 .what = "NCCL sums between GPUs only",
                 .got = choice_name(device.kind)});
  });
  const std::vector<std::string> gpus = group.all_gather(host_name() + " " + device.pci_id);
  together(group, [&] { refuse_shared_gpu(gpus); });
  const auto queue = std::make_shared<NcclQueue>(group, device, options);
  return {.fast = std::make_unique<FastExchange>(queue), .tree = std::make_unique<TreeExchange>(queue)};
}

}  // namespace titrate::comm

#else

namespace titrate::comm {

NcclExchanges make_nccl_exchanges(const Communicator&, const Device&, const NcclOptions&) {
  throw Error({.code = ErrorCode::usage, .where = "nccl", .what = "titrate was built without CUDA"});
}

}  // namespace titrate::comm

#endif
