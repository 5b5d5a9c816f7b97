// What a network costs, counted from its shapes.
#pragma once

#include "titrate/net/network.hpp"

namespace titrate::net {

// Floating-point operations of one image's way forward: two per multiply-add of conv and dense, one per value
// that a pool's window reads, two per value of batch_norm in evaluation, one per value of an activation or
// a sum. Layers inside are included.
double forward_flops(const Node& node);
double forward_flops(const Network& network);

// To train on one image: forward and both backward products, three times the way forward.
double training_flops(const Network& network);

// The layers as Keras's model.summary() shows them: output shape, parameters, MFLOP forward of each, and the
// sums. Layers inside are indented.
std::string layer_table(const Network& network);

}  // namespace titrate::net
