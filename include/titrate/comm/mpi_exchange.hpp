// The exchange over MPI, in host memory. It sums in the order of the fixed binary tree of src/comm/tree.hpp
// with the ranks as its parts. So the bits do not depend on the machine, the buffer's length or the library's
// choice of algorithm, nor on the width where every rank's share is a subtree.
//
// A width that is a power of two takes log2(width) rounds of pairwise messages; any other sums to rank 0
// along the tree and broadcasts, which is slower.
#pragma once

#include <vector>

#include "titrate/comm/communicator.hpp"
#include "titrate/comm/exchange.hpp"

namespace titrate::comm {

// Owns a communicator and scratch memory, at most the longest buffer. The sum is complete on return.
class MpiExchange : public Exchange {
 public:
  explicit MpiExchange(const Communicator& group);  // collective

  void sum(float* data, std::size_t count) override;
  int rank() const override { return group_.rank(); }
  int width() const override { return group_.size(); }
  std::string name() const override { return "mpi-tree"; }

 private:
  Communicator group_;
  std::vector<float> scratch_;
};

}  // namespace titrate::comm
