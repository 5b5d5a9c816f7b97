#include "titrate/train/model.hpp"

#include <cmath>

#include "titrate/core/random.hpp"

namespace titrate::train {

std::vector<float> initial_parameters(const net::ParameterLayout& layout, std::uint64_t seed) {
  std::vector<float> parameters(layout.floats);
  for (std::size_t t = 0; t < layout.tensors.size(); ++t) {
    const net::ParameterTensor& tensor = layout.tensors[t];
    RandomStream stream(seed, Purpose::initial_weights, t);
    const double bound = 1.0 / std::sqrt(static_cast<double>(tensor.fan_in));
    for (std::size_t i = 0; i < tensor.count; ++i) {
      parameters[tensor.offset + i] = static_cast<float>(stream.uniform(-bound, bound));
    }
  }
  return parameters;
}

}  // namespace titrate::train
