// The one order in which titrate adds gradients: the sum has the same bits however the work is spread.
//
// Parts 0 .. n-1 are summed in a fixed binary tree: the left subtree takes the first 2^k parts, 2^k being the
// largest power of two below n, the right one the rest. Four parts are (p0 + p1) + (p2 + p3), five are that
// + p4, three are (p0 + p1) + p2.
//
// A global batch is cut into `micro_batches` parts, a power of two. A group whose width divides it gives rank
// r the consecutive parts r * m .. r * m + m - 1, m = micro_batches / width, which are a subtree: the rank
// adds them with a TreeAccumulator, and the exchange, whose parts are the ranks, adds the subtrees. So the
// bits are those of the tree over all parts at every width. (Only the payload of a NaN may differ.)
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace titrate::comm {

// sum[i] += other[i]. Equally long, not overlapping.
void add(std::span<float> sum, std::span<const float> other);

// The sum of all parts, each as long as `out`, at once: what the others are tested against. Zero without any.
void tree_sum(std::span<const std::span<const float>> parts, std::span<float> out);

// The same sum of parts that come one after another. Holds one buffer for each level of the tree that is in
// use: none for one part, log2(n) for n.
//
//   TreeAccumulator tree(gradient.size());
//   for (int part = 0; part < parts; ++part) {
//     compute(part, gradient);
//     if (part + 1 < parts) tree.push(gradient); else tree.finish(gradient);
//   }
class TreeAccumulator {
 public:
  explicit TreeAccumulator(std::size_t count) : count_(count) {}  // floats per part

  // Takes a part that is not the last. It is copied or added: the caller may reuse its buffer.
  void push(std::span<const float> part);

  // Takes the last part, and leaves the sum of all in its place. The accumulator is then as new, and keeps
  // its memory.
  void finish(std::span<float> part);

 private:
  std::size_t count_;
  std::size_t parts_ = 0;  // bit k: levels_[k] holds the sum of 2^k parts
  std::vector<std::vector<float>> levels_;
};

}  // namespace titrate::comm
