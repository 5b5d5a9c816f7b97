#include "fake_communicator.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <mutex>

#include "fake_gpu.hpp"

namespace fake_gpu {
namespace {

struct LastError {
  std::mutex mutex{};
  std::string text{};
};

LastError& the_last_error() {
  static LastError* const error = new LastError;
  return *error;
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

}  // namespace

std::string name_of(const ncclComm& c) {
  return "rank " + std::to_string(c.self.rank) + " of " + std::to_string(c.self.size) + " (world rank " +
         std::to_string(c.self.world_rank) + ")";
}

void fail(ncclComm& c, ncclResult_t state, const std::string& reason) {
  const std::lock_guard lock(the_last_error().mutex);
  the_last_error().text = reason;
  c.state = state;
}

std::string last_error() {
  const std::lock_guard lock(the_last_error().mutex);
  return the_last_error().text;
}

void start(ncclComm& c) {
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

}  // namespace fake_gpu
