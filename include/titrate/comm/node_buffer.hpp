// Shared memory of the ranks of one node: it holds the pixels once per node.
//
// The node's rank 0, the leader, owns and fills it; the others see the same pages, read-only. It is an
// anonymous file in memory (memfd) that the others open through /proc: no size limit of /dev/shm, nothing to
// clean up after a kill, and all of it is reserved when it is made, so that too little memory is an error and
// not a SIGBUS later. A node with one rank takes ordinary memory.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "titrate/comm/communicator.hpp"

namespace titrate::comm {

class NodeBuffer {
 public:
  // Collective over `node`, whose ranks must share memory (Session::node) and give the same number of bytes.
  // Throws AgreedError (io) that says how many bytes are needed where they cannot be had. Starts as zeros,
  // aligned to a page. `node` must outlive it.
  NodeBuffer(const Communicator& node, std::size_t bytes);
  // Collective: the leader runs `write` on the memory while the others wait; afterwards all see the result,
  // and none can write (a write is SIGSEGV). May be called once. If `write` throws, all ranks throw
  // AgreedError with the leader's code and message.
  void fill(const std::function<void(std::span<std::byte>)>& write);

  std::span<const std::byte> bytes() const { return {data_.get(), data_ ? data_.get_deleter().bytes : 0}; }

 private:
  struct Unmap {
    std::size_t bytes = 0;
    void operator()(std::byte* data) const noexcept;
  };

  const Communicator& node_;
  std::unique_ptr<std::byte, Unmap> data_;  // freed when the last rank lets go
};

}  // namespace titrate::comm
