#include "fake_ranks.hpp"

#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <thread>

#include "fake_gpu.hpp"

namespace fake_gpu {
namespace {

constexpr int kFirstTag = 1 << 20;  // titrate's end at 32767
constexpr int kMostNumbers = 1 << 10;
constexpr std::array kFaults{"init_hangs", "init_fails", "slow_init", "late_error", "stuck", "abort_blocks"};

// What MPI is at work on cannot be taken back, so what is given up keeps its bytes for ever.
struct Transfer {
  std::vector<std::byte> bytes{};
  MPI_Request request = MPI_REQUEST_NULL;

  bool is_done() {
    int flag = 0;
    MPI_Test(&request, &flag, MPI_STATUS_IGNORE);
    return flag != 0;
  }
};

}  // namespace

const char* to_string(Kind kind) {
  constexpr std::array kNames{"the start", "the reply to the start", "ncclAllReduce", "ncclSend",
                              "ncclCommFinalize"};
  return kNames.at(static_cast<std::size_t>(kind));
}

Ranks::Ranks(int root, int number, std::function<bool()> is_over)
    : tag_(kFirstTag + root * kMostNumbers + number), is_over_(std::move(is_over)) {
  if (number >= kMostNumbers) misuse("too many communicators for the double");
  int threads = MPI_THREAD_SINGLE;
  MPI_Query_thread(&threads);
  if (threads < MPI_THREAD_MULTIPLE) misuse("the double needs MPI_THREAD_MULTIPLE");
}

bool Ranks::until(const std::function<bool()>& done) const {
  while (!done()) {
    if (is_over_()) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
  return true;
}

Ranks::Sending Ranks::begin_send(int world_rank, Kind kind, const void* data, std::size_t bytes) const {
  Transfer* const transfer = new Transfer;
  transfer->bytes.resize(sizeof kind + bytes);
  std::memcpy(transfer->bytes.data(), &kind, sizeof kind);
  if (bytes > 0) std::memcpy(transfer->bytes.data() + sizeof kind, data, bytes);
  MPI_Isend(transfer->bytes.data(), static_cast<int>(transfer->bytes.size()), MPI_BYTE, world_rank, tag_,
            MPI_COMM_WORLD, &transfer->request);
  return [transfer, is_sent = false]() mutable {
    if (is_sent) return true;
    if (!transfer->is_done()) return false;
    delete transfer;
    return is_sent = true;
  };
}

bool Ranks::send(int world_rank, Kind kind, const void* data, std::size_t bytes) const {
  return until(begin_send(world_rank, kind, data, bytes));
}

std::optional<Message> Ranks::receive(int world_rank, Kind expected) const {
  MPI_Message handle = MPI_MESSAGE_NULL;
  MPI_Status status{};
  const auto is_there = [&] {
    int flag = 0;
    MPI_Improbe(world_rank < 0 ? MPI_ANY_SOURCE : world_rank, tag_, MPI_COMM_WORLD, &flag, &handle, &status);
    return flag != 0;
  };
  if (!until(is_there)) return std::nullopt;
  int count = 0;
  MPI_Get_count(&status, MPI_BYTE, &count);
  Transfer* const transfer = new Transfer;
  transfer->bytes.resize(static_cast<std::size_t>(count));
  MPI_Imrecv(transfer->bytes.data(), count, MPI_BYTE, &handle, &transfer->request);
  if (!until([&] { return transfer->is_done(); })) return std::nullopt;
  Message message{.source = status.MPI_SOURCE};
  std::memcpy(&message.kind, transfer->bytes.data(), sizeof message.kind);
  message.bytes.assign(transfer->bytes.begin() + sizeof message.kind, transfer->bytes.end());
  delete transfer;
  if (message.kind != expected) {
    misuse("world rank " + std::to_string(fake_gpu::world_rank()) + " is at " + to_string(expected) +
           " and world rank " + std::to_string(message.source) + " at " + to_string(message.kind));
  }
  return message;
}

int world_rank() {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

bool mpi_is_finalized() {
  int flag = 0;
  MPI_Finalized(&flag);
  return flag != 0;
}

Fault fault_of(int world_rank) {
  const char* const text = std::getenv("TITRATE_FAKE_FAULT");
  if (text == nullptr || *text == '\0') return {};
  std::vector<std::string> parts{""};
  for (const char* c = text; *c != '\0'; ++c) {
    if (*c == ':') {
      parts.emplace_back();
    } else {
      parts.back() += *c;
    }
  }
  if (parts.size() < 2 || parts.size() > 3) misuse("TITRATE_FAKE_FAULT is not RANK:FAULT[:NTH]");
  bool is_known = false;
  for (const std::string_view known : kFaults) is_known = is_known || parts[1] == known;
  if (!is_known) misuse("TITRATE_FAKE_FAULT asks for an unknown fault: " + parts[1]);
  if (parts[0] != "*" && std::atoi(parts[0].c_str()) != world_rank) return {};
  return {.name = parts[1], .nth = parts.size() == 3 ? std::atoi(parts[2].c_str()) : 1};
}

}  // namespace fake_gpu
