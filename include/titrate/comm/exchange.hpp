// The exchange (all-reduce): the sum of a buffer over the ranks of a group, the one thing that data-parallel
// training asks of a network.
#pragma once

#include <cstddef>
#include <string>

namespace titrate::comm {

class Exchange {
 public:
  virtual ~Exchange() = default;

  // Replaces data[0, count) on every rank of the group by its sum over the ranks, with the same bits on all.
  // Collective: all ranks give the same count and call in the same order. The implementation says which
  // memory it takes (host or device), in which order it adds, and whether the sum is complete on return or in
  // the order of a stream. Throws Error (failed) where the transport fails.
  virtual void sum(float* data, std::size_t count) = 0;

  // Overlap, for an engine that has part of a buffer ready while it computes the rest. start() queues a sum
  // that runs beside the engine's work; sums run in the order of the calls, which is the same on all ranks.
  // Work after finish() finds them complete. Where overlaps() is false, start() sums at once.
  virtual void start(float* data, std::size_t count) { sum(data, count); }
  virtual void finish() {}
  virtual bool overlaps() const { return false; }

  // Waits until all sums so far are complete. Call it before the host waits for the device by any other
  // means: it throws Error where that wait would never end (no_progress) or a rank failed (failed).
  virtual void settle() {}

  virtual int rank() const = 0;  // in the group
  virtual int width() const = 0;

  // "mpi-tree", "nccl": part of a result's numerics class.
  virtual std::string name() const = 0;
};

}  // namespace titrate::comm
