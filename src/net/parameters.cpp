#include "titrate/net/parameters.hpp"

#include <algorithm>

namespace titrate::net {
namespace {

std::size_t product(const std::vector<std::int64_t>& dimensions) {
  std::size_t count = 1;
  for (std::int64_t dimension : dimensions) count *= static_cast<std::size_t>(dimension);
  return count;
}

std::vector<float> mask_of(const Conv& conv, std::uint32_t inputs) {
  if (conv.table.empty()) return {};
  const std::size_t area = std::size_t{conv.kernel} * conv.kernel;
  std::vector<float> mask(conv.channels * inputs * area);
  for (std::size_t c = 0; c < conv.table.size(); ++c) {
    for (const std::uint32_t input : conv.table[c])
      std::fill_n(mask.begin() + static_cast<std::ptrdiff_t>((c * inputs + input) * area), area, 1.0f);
  }
  return mask;
}

// Puts the tensors of one node behind those of the nodes before it. There is an overload for each layer: a
// new one has to say what it trains, or that it trains nothing.
struct Placer {
  ParameterLayout& layout;
  const Node& node;

  void place(std::vector<ParameterTensor>& list, std::size_t& floats, ParameterTensor tensor) const {
    tensor.name = node.name + "." + tensor.name;
    tensor.layer = node.number;
    tensor.offset = floats;
    tensor.count = product(tensor.dimensions);
    floats += (tensor.count + 15) / 16 * 16;
    list.push_back(std::move(tensor));
  }
  void train(ParameterTensor tensor) const { place(layout.tensors, layout.floats, std::move(tensor)); }
  void run(ParameterTensor tensor) const { place(layout.running, layout.running_floats, std::move(tensor)); }

  void weight_and_bias(ParameterTensor weight, bool bias) const {
    ParameterTensor beside{.name = "bias",
                           .dimensions = {weight.dimensions[0]},
                           .fan_in = weight.fan_in,
                           .fan_out = weight.fan_out,
                           .role = Role::bias};
    weight.name = "weight";
    train(std::move(weight));
    if (bias) train(std::move(beside));
  }

  void operator()(const Conv& conv) const {
    const std::uint64_t inputs = node.input.channels / conv.groups,
                        area = std::uint64_t{conv.kernel} * conv.kernel;
    weight_and_bias(
        {.dimensions = {conv.channels, static_cast<std::int64_t>(inputs), conv.kernel, conv.kernel},
         .fan_in = inputs * area,
         .fan_out = conv.channels * area,
         .l2 = conv.l2,
         .mask = mask_of(conv, node.input.channels)},
        conv.bias);
  }
  void operator()(const Dense& dense) const {
    weight_and_bias({.dimensions = {dense.units, node.input.channels},
                     .fan_in = node.input.channels,
                     .fan_out = dense.units,
                     .l2 = dense.l2},
                    dense.bias);
  }
  void operator()(const BatchNorm&) const {
    const std::vector<std::int64_t> dimensions{node.input.channels};
    train({.name = "weight", .dimensions = dimensions, .role = Role::scale});
    train({.name = "bias", .dimensions = dimensions, .role = Role::shift});
    run({.name = "running_mean", .dimensions = dimensions, .role = Role::running_mean});
    run({.name = "running_var", .dimensions = dimensions, .role = Role::running_variance});
  }
  void operator()(const MaxPool&) const {}
  void operator()(const AvgPool&) const {}
  void operator()(const GlobalAvgPool&) const {}
  void operator()(const Dropout&) const {}
  void operator()(const GaussianNoise&) const {}
  void operator()(const Activation auto&) const {}
  void operator()(const Flatten&) const {}
  void operator()(const Patches&) const {}   // its layers are nodes of their own
  void operator()(const Residual&) const {}  // so are these, and the projection
};

ParameterLayout layout_of(const std::vector<Node>& nodes) {
  ParameterLayout layout;
  for_each_node(nodes, [&](const Node& node) {
    std::visit(Placer{layout, node}, static_cast<const LayerKind&>(node.layer));
  });
  return layout;
}

std::uint64_t count_of(const ParameterLayout& layout) {
  std::uint64_t total = 0;
  for (const ParameterTensor& tensor : layout.tensors) {
    total += tensor.mask.empty()
                 ? tensor.count
                 : static_cast<std::uint64_t>(std::count(tensor.mask.begin(), tensor.mask.end(), 1.0f));
  }
  return total;
}

}  // namespace

ParameterLayout parameter_layout(const Network& network) { return layout_of(resolve(network)); }

std::uint64_t parameter_count(const Network& network) { return count_of(parameter_layout(network)); }

std::uint64_t parameter_count(const Node& node) { return count_of(layout_of({node})); }

}  // namespace titrate::net
