// The numbers of a network, in flat buffers: what is trained, and the running statistics beside it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "titrate/net/network.hpp"

namespace titrate::net {

enum class Role { weight, bias, scale, shift, running_mean, running_variance };

// One tensor in a flat buffer.
struct ParameterTensor {
  std::string name{};  // PyTorch's for nn.Sequential: "0.weight"
  std::vector<std::int64_t>
      dimensions{};        // PyTorch's layout: conv (out, in / groups, kernel, kernel), dense (out, in)
  std::size_t offset = 0;  // in floats; each tensor starts on 64 bytes
  std::size_t count = 0;
  std::uint64_t fan_in = 0, fan_out = 0;  // of the layer's weight, as torch.nn.init counts them
  std::size_t layer = 0;                  // Node::number
  Role role = Role::weight;
  double l2 = 0;  // of a weight; see Conv
  std::vector<float>
      mask{};  // 0 where a connection table leaves a weight out: it is 0 and stays 0; else empty
};

struct ParameterLayout {
  std::vector<ParameterTensor> tensors{};
  std::size_t floats = 0;                  // of the flat buffer, gaps included; a multiple of 16
  std::vector<ParameterTensor> running{};  // running means and variances, in a buffer of their own
  std::size_t running_floats = 0;
};

ParameterLayout parameter_layout(const Network& network);

// Trained parameters, without gaps and without what a connection table leaves out.
std::uint64_t parameter_count(const Network& network);
std::uint64_t parameter_count(const Node& node);  // of this layer, those inside it included

}  // namespace titrate::net
