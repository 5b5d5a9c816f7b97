// The sum of a buffer over the ranks of a group: the one thing that data-parallel training asks of a network.
#pragma once

#include <cstddef>
#include <string>

namespace titrate::comm {

class Exchange {
 public:
  virtual ~Exchange() = default;

  // Replaces data[0, count) on every rank of the group by its sum over the ranks; all end with the same bits.
  // Collective: all ranks give the same count, and call in the same order. The memory (host or device), the
  // order of the additions and whether the sum is there on return or only in the order of a stream are the
  // implementation's to say. Throws Error (failed) where the transport fails.
  virtual void sum(float* data, std::size_t count) = 0;

  // For an engine that has part of a buffer ready while it computes the rest. The sums that start() queues
  // run beside what the engine does, in the order of the calls, which is the same on all ranks; what the
  // engine does after finish() finds them done. Where overlaps() is false nothing is gained: start() sums at
  // once.
  virtual void start(float* data, std::size_t count) { sum(data, count); }
  virtual void finish() {}
  virtual bool overlaps() const { return false; }

  // Returns when all sums so far are there. To be called before the host waits for the device by any other
  // means: it throws Error where that wait would never end (no_progress) or a rank failed (failed).
  virtual void settle() {}

  virtual int rank() const = 0;  // in the group
  virtual int width() const = 0;

  // "mpi-tree", "nccl": what the numerics class of a result names.
  virtual std::string name() const = 0;
};

}  // namespace titrate::comm
