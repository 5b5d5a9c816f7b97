// A model's numbers before training.
#pragma once

#include <cstdint>
#include <vector>

#include "titrate/net/network.hpp"

namespace titrate::train {

// PyTorch's default: weights and biases uniform in +-1/sqrt(fan_in) (He et al., "Delving deep into
// rectifiers", 2015, with a = sqrt(5)), from our own streams. One flat buffer as parameter_layout() says;
// gaps are 0.
std::vector<float> initial_parameters(const net::ParameterLayout& layout, std::uint64_t seed);

}  // namespace titrate::train
