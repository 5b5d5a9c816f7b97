// A model's numbers before training.
#pragma once

#include <cstdint>

#include "titrate/net/parameters.hpp"
#include "titrate/train/engine.hpp"

namespace titrate::train {

// From our own streams, one for each tensor. Weights and biases, by `initial`:
//   pytorch  both uniform in +-1/sqrt(fan_in): PyTorch's default (He et al., "Delving deep into rectifiers",
//            2015, with a = sqrt(5))
//   he       normal, deviation sqrt(2 / fan_in) (the same paper); biases 0
//   xavier   uniform in +-sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010); biases 0
//   lecun    normal, deviation sqrt(1 / fan_in) (LeCun et al., "Efficient BackProp", 1998); biases 0
// batch_norm scales by 1 and shifts by 0, its running mean is 0 and its variance 1. Gaps, and weights that a
// connection table leaves out, are 0.
Model initial_model(const net::ParameterLayout& layout, study::Initial initial, std::uint64_t seed);

}  // namespace titrate::train
