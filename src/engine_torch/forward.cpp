#include "forward.hpp"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/relu.h>

#include <cmath>

#include "titrate/core/random.hpp"

namespace titrate::engine_torch {
namespace {

// 0 or 1 / (1 - rate) for each value of each image: 16 random bits each.
at::Tensor dropout_mask(double rate, std::size_t layer, std::int64_t values, const DropoutKeys& keys) {
  const auto dropped = static_cast<std::uint32_t>(std::lround(rate * 65536.0));
  const auto kept = static_cast<float>(1.0 / (1.0 - rate));
  at::Tensor mask = at::empty({static_cast<std::int64_t>(keys.rows.size()), values}, at::kFloat);
  float* out = mask.data_ptr<float>();
  for (std::uint32_t row : keys.rows) {
    const RandomStream stream(hash_words(keys.seed, layer), Purpose::dropout, keys.sample_ids[row],
                              keys.epoch);
    for (std::int64_t start = 0; start < values; start += 8) {
      const PhiloxCounter words = stream.block(static_cast<std::uint32_t>(start / 8));
      const std::int64_t count = std::min<std::int64_t>(8, values - start);
      for (std::int64_t i = 0; i < count; ++i) {
        const std::uint32_t bits = (words[static_cast<std::size_t>(i / 2)] >> (16 * (i % 2))) & 0xFFFF;
        *out++ = bits < dropped ? 0.0f : kept;
      }
    }
  }
  return mask;
}

struct Step {
  std::span<const at::Tensor> parameters;  // of this layer: weight, bias
  std::size_t index;
  const at::Tensor& input;
  const DropoutKeys* dropout;

  at::Tensor operator()(const net::Conv&) const { return at::conv2d(input, parameters[0], parameters[1]); }
  at::Tensor operator()(const net::MaxPool& pool) const {
    const std::int64_t size = pool.size;
    return at::max_pool2d(input, {size, size});
  }
  at::Tensor operator()(const net::Relu&) const { return at::relu(input); }
  at::Tensor operator()(const net::Flatten&) const { return input.flatten(1); }
  at::Tensor operator()(const net::Dense&) const {
    return at::linear(input.dim() == 2 ? input : input.flatten(1), parameters[0], parameters[1]);
  }
  at::Tensor operator()(const net::Dropout& layer) const {
    if (dropout == nullptr || layer.rate <= 0) return input;
    const std::int64_t values = input.numel() / input.size(0);
    return at::mul(input,
                   dropout_mask(layer.rate, index, values, *dropout).view_as(input).to(input.device()));
  }
};

bool has_weights(const net::Layer& layer) {
  return std::holds_alternative<net::Conv>(layer) || std::holds_alternative<net::Dense>(layer);
}

}  // namespace

at::Tensor forward(const net::Network& network, std::span<const at::Tensor> parameters,
                   const at::Tensor& images, const DropoutKeys* dropout) {
  at::Tensor values = images;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    values = std::visit(Step{parameters, i, values, dropout}, network.layers[i]);
    if (has_weights(network.layers[i])) parameters = parameters.subspan(2);
  }
  return values;
}

}  // namespace titrate::engine_torch
