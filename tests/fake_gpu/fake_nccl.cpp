#include <nccl.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "fake_gpu.hpp"
#include "fake_ranks.hpp"

using fake_gpu::Kind;
using fake_gpu::Message;
using fake_gpu::misuse;
using fake_gpu::Ranks;

namespace {

constexpr int kSetUpEvery = 16;  // collectives: so often one is queued in the background (ncclInProgress)

struct Id {
  int root = 0;  // the world rank that made it
  int number = 0;
};

struct Member {
  int size = 0;
  int rank = 0;
  int world_rank = 0;
  int device = 0;
  std::array<char, 64> host{};
};

struct Operation {
  Kind kind = Kind::all_reduce;
  const float* in = nullptr;
  float* out = nullptr;
  std::size_t count = 0;
  int peer = -1;
  cudaStream_t stream = nullptr;
};

enum class Phase { live, finalizing, finalized, gone };

}  // namespace

// Never freed, so that the use of one that is gone can be told.
struct ncclComm {
  Id id{};
  Member self{};
  fake_gpu::Fault fault{};
  std::vector<int> world_ranks{};  // by rank
  std::optional<Ranks> ranks{};
  std::thread background{};  // starts, queues or finalizes: one at a time
  std::atomic<ncclResult_t> state = ncclInProgress;
  std::atomic<bool> is_over = false;
  std::atomic<int> pending = 0;  // operations that were queued and have not ended
  std::atomic<bool> is_executing = false;
  std::atomic<bool> is_called = false;
  std::atomic<Phase> phase = Phase::live;
  int launched = 0;
  std::optional<cudaStream_t> stream{};
};

namespace {

struct Registry {
  std::mutex mutex{};
  std::vector<ncclComm*> all{};
  std::string last_error{};
};

Registry& registry() {
  static Registry* const the_registry = new Registry;
  return *the_registry;
}

thread_local int group_depth = 0;
thread_local ncclComm* group_communicator = nullptr;
thread_local std::vector<Operation> group_operations;

std::string name_of(const ncclComm& c) {
  return "rank " + std::to_string(c.self.rank) + " of " + std::to_string(c.self.size) + " (world rank " +
         std::to_string(c.self.world_rank) + ")";
}

void fail(ncclComm& c, ncclResult_t state, const std::string& reason) {
  const std::lock_guard lock(registry().mutex);
  registry().last_error = reason;
  c.state = state;
}

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

// The root of the id waits for all and tells each who the others are.
void gather_members(ncclComm& c) {
  std::vector<Member> members(static_cast<std::size_t>(c.self.size));
  std::vector<bool> is_here(members.size(), false);
  const auto join = [&](const Member& member) {
    const std::size_t rank = static_cast<std::size_t>(member.rank);
    if (member.size != c.self.size) misuse("ranks start a communicator of different sizes");
    if (is_here.at(rank)) misuse("two ranks start a communicator as rank " + std::to_string(rank));
    is_here[rank] = true;
    members[rank] = member;
  };
  join(c.self);
  for (int i = 1; i < c.self.size; ++i) {
    const std::optional<Message> message = c.ranks->receive(-1, Kind::join);
    if (!message) return;
    Member member;
    std::memcpy(&member, message->bytes.data(), sizeof member);
    join(member);
  }
  for (const Member& member : members) c.world_ranks.push_back(member.world_rank);
  for (const Member& member : members) {
    const std::size_t bytes = members.size() * sizeof(Member);
    if (member.rank != c.self.rank && !c.ranks->send(member.world_rank, Kind::members, members.data(), bytes))
      return;
  }
  for (const Member& a : members) {
    for (const Member& b : members) {
      if (a.rank < b.rank && a.device == b.device && a.host == b.host) misuse("two ranks share a GPU");
    }
  }
}

void receive_members(ncclComm& c) {
  if (!c.ranks->send(c.id.root, Kind::join, &c.self, sizeof c.self)) return;
  const std::optional<Message> message = c.ranks->receive(c.id.root, Kind::members);
  if (!message) return;
  std::vector<Member> members(message->bytes.size() / sizeof(Member));
  std::memcpy(members.data(), message->bytes.data(), message->bytes.size());
  for (const Member& member : members) c.world_ranks.push_back(member.world_rank);
}

void begin(ncclComm& c) {
  if (c.fault.name == "init_fails") {
    return fail(c, ncclSystemError, "the start fails on request");
  }
  if (c.fault.name == "init_hangs") {
    c.ranks->until([] { return false; });
    return;
  }
  if (c.fault.name == "slow_init") std::this_thread::sleep_for(std::chrono::seconds(1));
  c.self.world_rank == c.id.root ? gather_members(c) : receive_members(c);
  if (!c.is_over) c.state = ncclSuccess;
}

void check_counts(const ncclComm& c, std::size_t own, std::size_t other, const Message& message) {
  if (own == other) return;
  misuse("world rank " + std::to_string(message.source) + " gives " + std::to_string(other) +
         " numbers where " + name_of(c) + " gives " + std::to_string(own));
}

// From the last rank down to the first, which is no order of the fixed tree.
bool all_reduce(ncclComm& c, const Operation& operation) {
  const std::size_t bytes = operation.count * sizeof(float);
  if (operation.out != operation.in) std::memcpy(operation.out, operation.in, bytes);
  if (c.self.size == 1) return true;
  if (c.self.rank != 0) {
    if (!c.ranks->send(c.world_ranks[0], Kind::all_reduce, operation.out, bytes)) return false;
    const std::optional<Message> sum = c.ranks->receive(c.world_ranks[0], Kind::all_reduce);
    if (sum) std::memcpy(operation.out, sum->bytes.data(), bytes);
    return sum.has_value();
  }
  std::vector<float> sum, part(operation.count);
  for (int rank = c.self.size - 1; rank > 0; --rank) {
    const auto message = c.ranks->receive(c.world_ranks[static_cast<std::size_t>(rank)], Kind::all_reduce);
    if (!message) return false;
    check_counts(c, operation.count, message->bytes.size() / sizeof(float), *message);
    std::memcpy(part.data(), message->bytes.data(), bytes);
    if (sum.empty()) sum.resize(operation.count, -0.0F);  // x + -0 is x, also where x is -0
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += part[i];
  }
  for (std::size_t i = 0; i < sum.size(); ++i) operation.out[i] = sum[i] + operation.out[i];
  std::vector<Ranks::Sending> sending;
  for (std::size_t rank = 1; rank < c.world_ranks.size(); ++rank)
    sending.push_back(c.ranks->begin_send(c.world_ranks[rank], Kind::all_reduce, operation.out, bytes));
  return std::all_of(sending.begin(), sending.end(), [&](auto& done) { return c.ranks->until(done); });
}

bool send_and_receive(ncclComm& c, const std::vector<Operation>& operations) {
  std::vector<Ranks::Sending> sending;
  for (const Operation& operation : operations) {
    if (operation.kind != Kind::send || operation.in == nullptr) continue;
    sending.push_back(c.ranks->begin_send(c.world_ranks.at(static_cast<std::size_t>(operation.peer)),
                                          Kind::send, operation.in, operation.count * sizeof(float)));
  }
  for (const Operation& operation : operations) {
    if (operation.kind != Kind::send || operation.out == nullptr) continue;
    const std::optional<Message> message =
        c.ranks->receive(c.world_ranks.at(static_cast<std::size_t>(operation.peer)), Kind::send);
    if (!message) return false;
    check_counts(c, operation.count, message->bytes.size() / sizeof(float), *message);
    std::memcpy(operation.out, message->bytes.data(), message->bytes.size());
  }
  return std::all_of(sending.begin(), sending.end(), [&](auto& done) { return c.ranks->until(done); });
}

// On the stream's thread.
void execute(ncclComm& c, int number, const std::vector<Operation>& operations) {
  c.is_executing = true;
  const bool is_faulty = number == c.fault.nth;
  if (is_faulty && c.fault.name == "late_error") fail(c, ncclRemoteError, "a late error on request");
  // What a broken communicator still holds never ends.
  if (is_faulty &&
      (c.fault.name == "stuck" || c.fault.name == "abort_blocks" || c.fault.name == "late_error"))
    c.ranks->until([] { return false; });
  bool is_going_on = !c.is_over && send_and_receive(c, operations);
  for (const Operation& operation : operations) {
    if (operation.kind == Kind::all_reduce) is_going_on = is_going_on && all_reduce(c, operation);
  }
  --c.pending;
  c.is_executing = false;
}

void queue_now(ncclComm& c, int number, const std::vector<Operation>& operations) {
  std::vector<fake_gpu::Range> uses;
  for (const Operation& operation : operations) {
    for (const float* data : {operation.in, static_cast<const float*>(operation.out)}) {
      if (data != nullptr) uses.push_back({data, operation.count * sizeof(float)});
    }
  }
  fake_gpu::enqueue(
      *c.stream, [&c, number, operations] { execute(c, number, operations); }, std::move(uses));
}

ncclResult_t launch(ncclComm& c, std::vector<Operation> operations) {
  if (c.state != ncclSuccess)
    misuse("a collective while the communicator is starting, queueing or broken: " + name_of(c));
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

// When nothing is queued any more, and all ranks are here.
void finalize(ncclComm& c) {
  if (!c.ranks->until([&] { return c.pending == 0; })) return;
  const int here = 0;
  for (std::size_t rank = 1; rank < c.world_ranks.size(); ++rank) {
    if (c.self.rank == 0 && !c.ranks->receive(c.world_ranks[rank], Kind::finalize)) return;
  }
  if (c.self.rank != 0 && !(c.ranks->send(c.world_ranks[0], Kind::finalize, &here, sizeof here) &&
                            c.ranks->receive(c.world_ranks[0], Kind::finalize)))
    return;
  for (std::size_t rank = 1; rank < c.world_ranks.size(); ++rank) {
    if (c.self.rank == 0 && !c.ranks->send(c.world_ranks[rank], Kind::finalize, &here, sizeof here)) return;
  }
  c.phase = Phase::finalized;
  c.state = ncclSuccess;
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
  const std::lock_guard lock(registry().mutex);
  thread_local std::string text;
  text = registry().last_error;
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
  c.background = std::thread([&c] { begin(c); });
  *communicator = &c;
  return ncclInProgress;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t c, ncclResult_t* state) {
  if (c->phase == Phase::gone) misuse("ncclCommGetAsyncError on a communicator that is gone");
  *state = c->state;
  return ncclSuccess;
}

ncclResult_t ncclCommFinalize(ncclComm_t c) {
  const Call call(*c, "ncclCommFinalize");
  if (c->state != ncclSuccess || c->phase != Phase::live)
    misuse("ncclCommFinalize while the communicator is starting, queueing, broken or finalized");
  if (c->background.joinable()) c->background.join();
  c->phase = Phase::finalizing;
  c->state = ncclInProgress;
  c->background = std::thread([c] { finalize(*c); });
  return ncclSuccess;
}

ncclResult_t ncclCommDestroy(ncclComm_t c) {
  const Call call(*c, "ncclCommDestroy");
  if (c->state != ncclSuccess) misuse("ncclCommDestroy while the communicator is at work or broken");
  if (c->phase == Phase::live && c->pending > 0) misuse("ncclCommDestroy while sums are queued");
  if (c->background.joinable()) c->background.join();
  if (c->phase == Phase::live) finalize(*c);
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
