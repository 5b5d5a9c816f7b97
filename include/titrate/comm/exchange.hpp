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

  virtual int rank() const = 0;  // in the group
  virtual int width() const = 0;

  // "mpi-tree", "nccl": what the numerics class of a result names.
  virtual std::string name() const = 0;
};

}  // namespace titrate::comm
