// The reduction tree: the one order in which titrate adds gradients, so that the sum has the same bits
// however the work is spread.
//
// Parts 0 .. n-1 are summed in a fixed binary tree: the left subtree takes the first 2^k parts, 2^k being the
// largest power of two below n, the right one the rest. Four parts are (p0 + p1) + (p2 + p3), five are that
// + p4, three are (p0 + p1) + p2.
//
// A global batch is cut into `micro_batches` parts, a power of two. A group whose width divides it gives rank
// r the consecutive parts r * m .. r * m + m - 1, m = micro_batches / width, which are a subtree: the rank
// adds them in this tree, and the exchange, whose parts are the ranks, adds the subtrees. So the
// bits are those of the tree over all parts at every width. (Only the payload of a NaN may differ.)
#pragma once

#include <span>

namespace titrate::comm {

// sum[i] += other[i]. Equally long, not overlapping.
void add(std::span<float> sum, std::span<const float> other);

// The sum of all parts, each as long as `out`, on one rank: the reference for tests. Zero without parts.
void tree_sum(std::span<const std::span<const float>> parts, std::span<float> out);

}  // namespace titrate::comm
