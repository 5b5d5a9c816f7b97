#include <nccl.h>

#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fake_communicator.hpp"
#include "fake_gpu.hpp"
#include "fake_ranks.hpp"

using fake_gpu::Id;
using fake_gpu::Kind;
using fake_gpu::misuse;
using fake_gpu::name_of;
using fake_gpu::Operation;
using fake_gpu::Phase;

namespace {

constexpr int kSetUpEvery = 16;  // collectives: so often one is queued in the background (ncclInProgress)

struct Registry {
  std::mutex mutex{};
  std::vector<ncclComm*> all{};
};

Registry& registry() {
  static Registry* const the_registry = new Registry;
  return *the_registry;
}

thread_local int group_depth = 0;
thread_local ncclComm* group_communicator = nullptr;
thread_local std::vector<Operation> group_operations;

// A call on a communicator, of which there must be one at a time.
class Call {
 public:
  Call(ncclComm& c, const char* name) : c_(c) {
    if (c.phase == Phase::gone) misuse(std::string(name) + " on a communicator that is gone: " + name_of(c));
    if (c.is_called.exchange(true)) misuse(std::string(name) + " while another thread is at " + name_of(c));
  }
  Call(Call&&) = delete;
  ~Call() { c_.is_called = false; }

 private:
  ncclComm& c_;
};

// At the end of a process that ended MPI in peace.
void check_at_exit() {
  int count = 0;
  for (const ncclComm* c : registry().all) count += c->phase != Phase::gone && !c->is_over ? 1 : 0;
  if (count == 0 || !fake_gpu::mpi_is_finalized()) return;
  std::fprintf(stderr, "fake GPU: %d communicators were neither destroyed nor aborted\n", count);
  std::_Exit(134);
}

// The state of a broken communicator, which nobody may use once he was told.
ncclResult_t tell(ncclComm& c, const char* use) {
  if (c.was_told.exchange(true)) misuse(std::string(use) + " on a broken communicator: " + name_of(c));
  return c.state;
}

void queue_now(ncclComm& c, int number, const std::vector<Operation>& operations) {
  std::vector<fake_gpu::Range> uses;
  for (const Operation& operation : operations) {
    for (const float* data : {operation.in, static_cast<const float*>(operation.out)}) {
      if (data != nullptr) uses.push_back({data, operation.count * sizeof(float)});
    }
  }
  fake_gpu::enqueue(
      *c.stream, [&c, number, operations] { fake_gpu::execute(c, number, operations); }, std::move(uses));
}

ncclResult_t launch(ncclComm& c, std::vector<Operation> operations) {
  if (c.state == ncclInProgress)
    misuse("a collective while the communicator starts or queues: " + name_of(c));
  if (c.state != ncclSuccess) return tell(c, "a collective");
  if (c.phase != Phase::live) misuse("a collective on a communicator that was finalized: " + name_of(c));
  for (const Operation& operation : operations) {
    if (!c.stream) c.stream = operation.stream;
    if (*c.stream != operation.stream) misuse("a second stream for the communicator of " + name_of(c));
  }
  const int number = ++c.launched;
  ++c.pending;
  if (number % kSetUpEvery != 1) {
    queue_now(c, number, operations);
    return ncclSuccess;
  }
  if (c.background.joinable()) c.background.join();
  c.state = ncclInProgress;
  fake_gpu::hold(*c.stream);
  c.background = std::thread([&c, number, operations = std::move(operations)] {
    std::this_thread::sleep_for(std::chrono::microseconds(300));
    fake_gpu::release(*c.stream);
    queue_now(c, number, operations);
    ncclResult_t queueing = ncclInProgress;
    c.state.compare_exchange_strong(queueing, ncclSuccess);
  });
  return ncclInProgress;
}

ncclResult_t add_or_launch(ncclComm* c, Operation operation, const char* name) {
  if (c == nullptr) return ncclInvalidArgument;
  const Call call(*c, name);
  if (group_depth == 0) return launch(*c, {operation});
  if (group_communicator != nullptr && group_communicator != c) misuse("a group over two communicators");
  group_communicator = c;
  group_operations.push_back(operation);
  return ncclSuccess;
}

void check_type(ncclDataType_t type) {
  if (type != ncclFloat) misuse("the double knows ncclFloat alone");
}

}  // namespace

extern "C" {

ncclResult_t ncclGetVersion(int* version) {
  const char* const text = std::getenv("TITRATE_FAKE_NCCL_VERSION");
  *version = text == nullptr ? NCCL_VERSION_CODE : std::atoi(text);
  return ncclSuccess;
}

const char* ncclGetErrorString(ncclResult_t result) {
  constexpr std::array kTexts{"no error",       "unhandled cuda error", "unhandled system error",
                              "internal error", "invalid argument",     "invalid usage",
                              "remote error",   "operation in progress"};
  const std::size_t index = static_cast<std::size_t>(result);
  return index < kTexts.size() ? kTexts[index] : "unknown result";
}

const char* ncclGetLastError(ncclComm_t) {
  thread_local std::string text;
  text = fake_gpu::last_error();
  return text.c_str();
}

ncclResult_t ncclGetUniqueId(ncclUniqueId* unique_id) {
  static std::atomic<int> made = 0;
  const Id id{.root = fake_gpu::world_rank(), .number = made++};
  *unique_id = {};
  std::memcpy(unique_id->internal, &id, sizeof id);
  return ncclSuccess;
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t* communicator, int size, ncclUniqueId unique_id, int rank,
                                    ncclConfig_t* config) {
  const ncclConfig_t initial = NCCL_CONFIG_INITIALIZER;
  if (config == nullptr || config->magic != initial.magic || config->size != initial.size ||
      config->version != initial.version)
    misuse("a configuration that NCCL_CONFIG_INITIALIZER did not begin");
  if (config->blocking != 0) misuse("a communicator that blocks");
  if (rank < 0 || rank >= size) return ncclInvalidArgument;
  ncclComm& c = *new ncclComm;
  std::memcpy(&c.id, unique_id.internal, sizeof c.id);
  c.self = {.size = size, .rank = rank, .world_rank = fake_gpu::world_rank()};
  cudaGetDevice(&c.self.device);
  gethostname(c.self.host.data(), c.self.host.size() - 1);
  c.fault = fake_gpu::fault_of(c.self.world_rank);
  c.ranks.emplace(c.id.root, c.id.number, [&c] { return c.is_over.load(); });
  {
    const std::lock_guard lock(registry().mutex);
    if (registry().all.empty()) std::atexit(check_at_exit);
    registry().all.push_back(&c);
  }
  c.background = std::thread([&c] { fake_gpu::start(c); });
  *communicator = &c;
  return ncclInProgress;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t c, ncclResult_t* state) {
  if (c->phase == Phase::gone) misuse("ncclCommGetAsyncError on a communicator that is gone");
  *state = c->state;
  if (*state != ncclSuccess && *state != ncclInProgress) c->was_told = true;
  return ncclSuccess;
}

ncclResult_t ncclCommFinalize(ncclComm_t c) {
  const Call call(*c, "ncclCommFinalize");
  if (c->state == ncclInProgress || c->phase != Phase::live)
    misuse("ncclCommFinalize while the communicator starts, queues or was finalized: " + name_of(*c));
  if (c->state != ncclSuccess) return tell(*c, "ncclCommFinalize");
  if (c->background.joinable()) c->background.join();
  c->phase = Phase::finalizing;
  c->state = ncclInProgress;
  c->background = std::thread([c] { fake_gpu::finalize(*c); });
  return ncclSuccess;
}

ncclResult_t ncclCommDestroy(ncclComm_t c) {
  const Call call(*c, "ncclCommDestroy");
  if (c->state != ncclSuccess) misuse("ncclCommDestroy while the communicator is at work or broken");
  if (c->phase == Phase::live && c->pending > 0) misuse("ncclCommDestroy while sums are queued");
  if (c->background.joinable()) c->background.join();
  if (c->phase == Phase::live) fake_gpu::finalize(*c);
  c->phase = Phase::gone;
  return ncclSuccess;
}

ncclResult_t ncclCommAbort(ncclComm_t c) {
  const Call call(*c, "ncclCommAbort");
  c->is_over = true;
  if (c->fault.name == "abort_blocks") {
    while (true) std::this_thread::sleep_for(std::chrono::hours(1));
  }
  if (c->background.joinable()) c->background.join();
  while (c->is_executing) std::this_thread::sleep_for(std::chrono::microseconds(50));
  c->phase = Phase::gone;
  return ncclSuccess;
}

ncclResult_t ncclAllReduce(const void* in, void* out, size_t count, ncclDataType_t type,
                           ncclRedOp_t operation, ncclComm_t c, cudaStream_t stream) {
  check_type(type);
  if (operation != ncclSum) misuse("the double knows ncclSum alone");
  return add_or_launch(c,
                       {.kind = Kind::all_reduce,
                        .in = static_cast<const float*>(in),
                        .out = static_cast<float*>(out),
                        .count = count,
                        .stream = stream},
                       "ncclAllReduce");
}

ncclResult_t ncclSend(const void* in, size_t count, ncclDataType_t type, int peer, ncclComm_t c,
                      cudaStream_t stream) {
  check_type(type);
  return add_or_launch(c,
                       {.kind = Kind::send,
                        .in = static_cast<const float*>(in),
                        .count = count,
                        .peer = peer,
                        .stream = stream},
                       "ncclSend");
}

ncclResult_t ncclRecv(void* out, size_t count, ncclDataType_t type, int peer, ncclComm_t c,
                      cudaStream_t stream) {
  check_type(type);
  return add_or_launch(
      c,
      {.kind = Kind::send, .out = static_cast<float*>(out), .count = count, .peer = peer, .stream = stream},
      "ncclRecv");
}

ncclResult_t ncclGroupStart() {
  ++group_depth;
  return ncclSuccess;
}

ncclResult_t ncclGroupEnd() {
  if (group_depth == 0) misuse("ncclGroupEnd without ncclGroupStart");
  if (--group_depth > 0) return ncclSuccess;
  ncclComm* const c = std::exchange(group_communicator, nullptr);
  std::vector<Operation> operations = std::exchange(group_operations, {});
  if (c == nullptr) return ncclSuccess;
  const Call call(*c, "ncclGroupEnd");
  return launch(*c, std::move(operations));
}

}  // extern "C"
