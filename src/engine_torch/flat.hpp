// Flat float32 tensors of any device as vectors of the host.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>

#include <span>
#include <vector>

namespace titrate::engine_torch {

// A tensor over memory of the host, which it only reads.
inline at::Tensor view_of(std::span<const float> floats) {
  return at::from_blob(const_cast<float*>(floats.data()), {static_cast<std::int64_t>(floats.size())});
}

inline std::vector<float> to_floats(const at::Tensor& flat) {
  const at::Tensor host = flat.cpu();
  const float* data = host.const_data_ptr<float>();
  return {data, data + host.numel()};
}

// Of the same length.
inline void copy_floats(std::span<const float> from, const at::Tensor& to) { to.copy_(view_of(from)); }

}  // namespace titrate::engine_torch
