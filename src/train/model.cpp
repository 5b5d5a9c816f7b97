#include "titrate/train/model.hpp"

#include <algorithm>
#include <cmath>

#include "titrate/core/random.hpp"

namespace titrate::train {
namespace {

// The numbers of a weight or bias, one after another.
double draw(study::Initial initial, const net::ParameterTensor& tensor, RandomStream& stream) {
  const auto fan_in = static_cast<double>(tensor.fan_in), fan_out = static_cast<double>(tensor.fan_out);
  if (initial == study::Initial::pytorch) {
    const double bound = 1.0 / std::sqrt(fan_in);
    return stream.uniform(-bound, bound);
  }
  if (tensor.role == net::Role::bias) return 0;
  if (initial == study::Initial::he) return std::sqrt(2 / fan_in) * stream.normal();
  if (initial == study::Initial::lecun) return std::sqrt(1 / fan_in) * stream.normal();
  const double bound = std::sqrt(6 / (fan_in + fan_out));
  return stream.uniform(-bound, bound);
}

void fill(const net::ParameterTensor& tensor, study::Initial initial, RandomStream stream,
          std::span<float> out) {
  using net::Role;
  if (tensor.role == Role::scale || tensor.role == Role::running_variance)
    std::fill(out.begin(), out.end(), 1.0f);
  if (tensor.role != Role::weight && tensor.role != Role::bias) return;
  for (float& value : out) value = static_cast<float>(draw(initial, tensor, stream));
  for (std::size_t i = 0; i < tensor.mask.size(); ++i) {
    if (tensor.mask[i] == 0) out[i] = 0;
  }
}

}  // namespace

Model initial_model(const net::ParameterLayout& layout, study::Initial initial, std::uint64_t seed) {
  Model model{.parameters = std::vector<float>(layout.floats),
              .running = std::vector<float>(layout.running_floats)};
  for (std::size_t t = 0; t < layout.tensors.size(); ++t) {
    fill(layout.tensors[t], initial, RandomStream(seed, Purpose::initial_weights, t),
         std::span(model.parameters).subspan(layout.tensors[t].offset, layout.tensors[t].count));
  }
  for (const net::ParameterTensor& tensor : layout.running) {
    fill(tensor, initial, RandomStream(seed, Purpose::initial_weights),
         std::span(model.running).subspan(tensor.offset, tensor.count));
  }
  return model;
}

}  // namespace titrate::train
