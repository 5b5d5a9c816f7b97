// A group of ranks that exchange messages. A Communicator owns one MPI communicator that nobody else uses, so
// its messages never meet those of a library or of another part of titrate.
//
// Making, splitting and destroying one is collective, as is every function below but rank(), size(), send(),
// receive() and poll(): all ranks call it, in the same order, from one thread at a time. send(), receive()
// and poll() may run in any thread. A call that MPI refuses throws Error (failed) that names call and reason.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace titrate::comm {

struct Message {
  int source = -1;  // the sender's rank
  std::string text{};
};

// No message, and no sum of gathered strings, may be longer: MPI counts in int. A longer one is refused with
// Error (internal) before anything is sent.
inline constexpr std::size_t kMaxMessageBytes = 0x7fffffff;

class Communicator {
 public:
  struct Handle;  // the MPI communicator, known to comm alone

  explicit Communicator(std::unique_ptr<Handle> handle);
  Communicator(Communicator&& other) noexcept;
  Communicator& operator=(Communicator&& other) noexcept;
  ~Communicator();

  int rank() const;
  int size() const;

  Communicator duplicate() const;

  // One communicator for each colour (0 or more), its ranks ordered by key, then by their rank here.
  Communicator split(int colour, int key) const;

  // The ranks that share memory with this one, in their order here.
  Communicator split_by_node() const;

  void barrier() const;  // sleeps while it waits: MPI's own keeps a core busy

  // The largest `code` of all ranks, on every rank.
  int agree(int code) const;

  // Sums over the ranks, added in their order, so that the sum depends on the values alone and has the same
  // bits on every rank; meant for few values. Spans must be equally long on all ranks.
  void sum(std::span<double> values) const;

  // The bytes, or the text, of rank `root`. The spans must be equally long on all ranks.
  void broadcast(std::span<std::byte> bytes, int root) const;
  std::string broadcast(std::string_view text, int root) const;

  // Every rank's text, by rank; gather() returns nothing on ranks other than `root`.
  std::vector<std::string> gather(std::string_view text, int root) const;
  std::vector<std::string> all_gather(std::string_view text) const;

  // Messages keep their order for each sender, receiver and tag (0 to 32767). send() returns when `text` may
  // be reused: for a long one, when the receiver takes it. poll() takes a message of any sender, if one has
  // come. Threads that poll or receive at the same time never see the same message.
  void send(int destination, int tag, std::string_view text) const;
  std::string receive(int source, int tag) const;
  std::optional<Message> poll(int tag) const;

  const Handle& handle() const { return *handle_; }

 private:
  std::unique_ptr<Handle> handle_;
};

}  // namespace titrate::comm
