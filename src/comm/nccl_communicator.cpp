#ifdef TITRATE_HAS_CUDA

#include "nccl_communicator.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <future>
#include <span>
#include <thread>
#include <utility>

#include "cuda_check.hpp"
#include "titrate/comm/agreement.hpp"
#include "titrate/core/host.hpp"
#include "titrate/core/text.hpp"

namespace titrate::comm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kFailedTag = 0;
constexpr std::chrono::microseconds kShortestPause{10};
constexpr std::chrono::microseconds kLongestPause{1000};
constexpr std::chrono::seconds kAbortPatience{2};

bool is_error(ncclResult_t status) { return status != ncclSuccess && status != ncclInProgress; }

std::string version_text(int code) {
  return std::to_string(code / 10000) + "." + std::to_string(code / 100 % 100) + "." +
         std::to_string(code % 100);
}

// An older library would take the configuration of a newer header for something else.
void check_version() {
  int version = 0;
  ncclGetVersion(&version);
  if (version >= NCCL_VERSION_CODE && version / 10000 == NCCL_MAJOR) return;
  throw Error({.code = ErrorCode::failed,
               .where = "NCCL",
               .what = "the library that runs does not fit the header that titrate was built with",
               .expected = version_text(NCCL_VERSION_CODE) + " or a newer " + std::to_string(NCCL_MAJOR),
               .got = version_text(version),
               .hint = "load the one titrate was built with (LD_LIBRARY_PATH), or build again"});
}

ncclUniqueId make_id() {
  ncclUniqueId id{};
  const ncclResult_t status = ncclGetUniqueId(&id);
  if (status == ncclSuccess) return id;
  throw Error({.code = ErrorCode::failed,
               .where = "ncclGetUniqueId",
               .what = "NCCL refused the call",
               .got = ncclGetErrorString(status)});
}

// Aborts in another thread: an abort can hang too.
void abort_patiently(ncclComm_t communicator, const std::string& where) noexcept {
  try {
    std::promise<void> promise;
    const std::future<void> aborted = promise.get_future();
    std::thread([communicator, ended = std::move(promise)]() mutable {
      ncclCommAbort(communicator);
      ended.set_value();
    }).detach();
    if (aborted.wait_for(kAbortPatience) == std::future_status::ready) return;
    std::fprintf(stderr, "titrate: %s: ncclCommAbort does not return and is left behind\n", where.c_str());
  } catch (...) {
    std::fprintf(stderr, "titrate: %s: no thread for ncclCommAbort\n", where.c_str());
  }
}

}  // namespace

NcclCommunicator::NcclCommunicator(const Communicator& group, const Device& device, double timeout_seconds)
    : rank_(group.rank()), width_(group.size()), timeout_seconds_(timeout_seconds) {
  where_ = host_name() + ", GPU " + device.pci_id + ", group rank " + std::to_string(rank_) + " of " +
           std::to_string(width_);
  ncclUniqueId id{};
  together(group, [&] {
    check_version();
    check_cuda(cudaSetDevice(device.index), "cudaSetDevice");
    if (rank_ == 0) id = make_id();
  });
  group.broadcast(std::as_writable_bytes(std::span(&id, 1)), 0);
  const Communicator startup = group.duplicate();
  try {
    together(startup, [&] { start(startup, id); });
  } catch (...) {
    if (communicator_ != nullptr) abort_patiently(communicator_, where_);
    throw;
  }
}

// A rank that fails tells the others, which would wait for it until their time is over.
void NcclCommunicator::start(const Communicator& startup, const ncclUniqueId& id) {
  bool was_told = false;
  const auto is_ready = [&] {
    if (const auto message = startup.poll(kFailedTag)) {
      was_told = true;
      throw Error({.code = ErrorCode::failed,
                   .where = "group rank " + std::to_string(message->source),
                   .what = "NCCL does not start there",
                   .got = message->text});
    }
    return !in_progress();
  };
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  try {
    const ncclResult_t status = ncclCommInitRankConfig(&communicator_, width_, id, rank_, &config);
    if (is_error(status)) throw failure(status, "ncclCommInitRankConfig");
    wait_until(is_ready, "all ranks of the group to start NCCL (ncclCommInitRankConfig)");
  } catch (const Error& error) {
    if (was_told || error.code() == ErrorCode::no_progress) throw;
    for (int other = 0; other < width_; ++other) {
      if (other != rank_) startup.send(other, kFailedTag, error.what());
    }
    throw;
  }
}

NcclCommunicator::~NcclCommunicator() {
  if (communicator_ != nullptr) abort_patiently(communicator_, where_);
}

void NcclCommunicator::close() {
  ncclResult_t status = ncclCommFinalize(communicator_);
  if (is_error(status)) throw failure(status, "ncclCommFinalize");
  // Success only means that the call has begun.
  wait_until([&] { return !in_progress(); }, "all ranks to end NCCL (ncclCommFinalize)");
  status = ncclCommDestroy(std::exchange(communicator_, nullptr));
  if (is_error(status)) throw failure(status, "ncclCommDestroy");
}

void NcclCommunicator::complete(ncclResult_t status, const char* call) const {
  if (is_error(status)) throw failure(status, call);
  if (status == ncclInProgress) wait_until([&] { return !in_progress(); }, call);
}

void NcclCommunicator::wait_until(const std::function<bool()>& done, std::string_view what) const {
  const Clock::time_point start = Clock::now();
  for (Clock::duration pause = kShortestPause; !done();
       pause = std::min<Clock::duration>(2 * pause, kLongestPause)) {
    in_progress();
    if (std::chrono::duration<double>(Clock::now() - start).count() > timeout_seconds_) {
      throw Error({.code = ErrorCode::no_progress,
                   .where = where_,
                   .what = "no progress for " + shortest(timeout_seconds_) + " s",
                   .got = "still waiting for " + std::string(what),
                   .hint = "look for a rank that ended or hangs; NCCL_DEBUG=INFO says more"});
    }
    std::this_thread::sleep_for(pause);
  }
}

// Throws the communicator's asynchronous error.
bool NcclCommunicator::in_progress() const {
  ncclResult_t state = ncclSuccess;
  const ncclResult_t status = ncclCommGetAsyncError(communicator_, &state);
  if (is_error(status)) throw failure(status, "ncclCommGetAsyncError");
  if (is_error(state)) throw failure(state, "NCCL");
  return state == ncclInProgress;
}

Error NcclCommunicator::failure(ncclResult_t status, std::string_view call) const {
  std::string reason = ncclGetErrorString(status);
  const char* const last = ncclGetLastError(communicator_);
  if (last != nullptr && *last != '\0') reason += std::string(" (") + last + ")";
  return Error({.code = ErrorCode::failed,
                .where = where_,
                .what = std::string(call) + " failed",
                .got = reason,
                .hint = "NCCL_DEBUG=INFO says more"});
}

}  // namespace titrate::comm

#endif
