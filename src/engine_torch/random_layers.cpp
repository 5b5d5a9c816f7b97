#include "random_layers.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "titrate/core/random.hpp"

namespace titrate::engine_torch {
namespace {

template <class OfBits>
at::Tensor draw(Purpose purpose, std::size_t layer, std::int64_t values, const RandomKeys& keys,
                const OfBits& of_bits) {
  at::Tensor numbers = at::empty({static_cast<std::int64_t>(keys.rows.size()), values}, at::kFloat);
  float* out = numbers.data_ptr<float>();
  for (std::uint32_t row : keys.rows) {
    const RandomStream stream(hash_words(keys.seed, layer), purpose, keys.sample_ids[row], keys.epoch);
    for (std::int64_t start = 0; start < values; start += 8) {
      const PhiloxCounter words = stream.block(static_cast<std::uint32_t>(start / 8));
      const std::int64_t count = std::min<std::int64_t>(8, values - start);
      for (std::int64_t i = 0; i < count; ++i)
        *out++ = of_bits((words[static_cast<std::size_t>(i / 2)] >> (16 * (i % 2))) & 0xFFFF);
    }
  }
  return numbers;
}

}  // namespace

at::Tensor dropout_mask(double rate, std::size_t layer, std::int64_t values, const RandomKeys& keys) {
  const auto dropped = static_cast<std::uint32_t>(std::lround(rate * 65536.0));
  // A table, no branch: a processor cannot predict random bits.
  const std::array<float, 2> value{0.0f, static_cast<float>(1.0 / (1.0 - rate))};
  return draw(Purpose::dropout, layer, values, keys,
              [=](std::uint32_t bits) { return value[bits >= dropped ? 1 : 0]; });
}

at::Tensor normal_numbers(std::size_t layer, std::int64_t values, const RandomKeys& keys) {
  const std::span<const float, 65536> quantiles = normal_quantiles();
  return draw(Purpose::layer_noise, layer, values, keys, [=](std::uint32_t bits) { return quantiles[bits]; });
}

}  // namespace titrate::engine_torch
