// How the ranks of a fake communicator talk: messages over MPI that can be given up at any moment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace fake_gpu {

enum class Kind : std::int32_t { join, members, all_reduce, send, finalize };

const char* to_string(Kind kind);

struct Message {
  int source = -1;  // world rank
  Kind kind = Kind::join;
  std::vector<std::byte> bytes{};
};

// The messages of one communicator. `is_over` says that it was aborted: whatever waits then returns at once.
class Ranks {
 public:
  // A tag of its own, of the `number`th communicator that world rank `root` began.
  Ranks(int root, int number, std::function<bool()> is_over);

  // Until the receiver has it. False: given up.
  bool send(int world_rank, Kind kind, const void* data, std::size_t bytes) const;

  // Two ranks that send to each other must both begin before either waits.
  using Sending = std::function<bool()>;  // whether it was sent
  Sending begin_send(int world_rank, Kind kind, const void* data, std::size_t bytes) const;

  // Of one rank, or of any (-1). Nothing: given up. Of another kind than the expected: the process ends.
  std::optional<Message> receive(int world_rank, Kind expected) const;

  // Polls until `done`; false: given up.
  bool until(const std::function<bool()>& done) const;

 private:
  int tag_;
  std::function<bool()> is_over_;
};

int world_rank();
bool mpi_is_finalized();

// What TITRATE_FAKE_FAULT asks of this rank: the fault's name, and of which collective. Empty: nothing.
struct Fault {
  std::string name{};
  int nth = 1;
};
Fault fault_of(int world_rank);

}  // namespace fake_gpu
