#include "titrate/net/network.hpp"

#include "titrate/core/error.hpp"

namespace titrate::net {
namespace {

[[noreturn]] void refuse(const Layer& layer, std::size_t index, const TensorShape& input,
                         const std::string& what, const std::string& hint = "") {
  throw Error({.code = ErrorCode::usage,
               .where = "layer " + std::to_string(index) + " (" + to_text(layer) + ")",
               .what = what,
               .got = "an input of " + to_string(input),
               .hint = hint});
}

// The output shape of one layer, or an Error that names it.
struct Infer {
  const Layer& layer;
  std::size_t index;
  TensorShape input;

  TensorShape operator()(const Conv& conv) const {
    if (input.height < conv.kernel || input.width < conv.kernel)
      refuse(layer, index, input, "the kernel is larger than the image");
    return {conv.channels, input.height - conv.kernel + 1, input.width - conv.kernel + 1};
  }
  TensorShape operator()(const MaxPool& pool) const {
    if (input.height < pool.size || input.width < pool.size)
      refuse(layer, index, input, "the window is larger than the image");
    return {input.channels, input.height / pool.size, input.width / pool.size};
  }
  TensorShape operator()(const Relu&) const { return input; }
  TensorShape operator()(const Flatten&) const { return {static_cast<std::uint32_t>(input.values()), 1, 1}; }
  TensorShape operator()(const Dense& dense) const {
    if (input.height != 1 || input.width != 1) {
      refuse(layer, index, input, "dense takes a flat input", "put \"flatten\" before it");
    }
    return {dense.units, 1, 1};
  }
  TensorShape operator()(const Dropout&) const { return input; }
};

struct Weights {
  std::vector<std::int64_t> dimensions{};
  std::uint64_t fan_in = 0;
  std::uint64_t uses = 0;  // multiply-adds per weight and image
};

// The weight tensor of a layer; no dimensions where it has none.
Weights weights_of(const Layer& layer, const TensorShape& input, const TensorShape& output) {
  if (const auto* conv = std::get_if<Conv>(&layer)) {
    return {{conv->channels, input.channels, conv->kernel, conv->kernel},
            std::uint64_t{input.channels} * conv->kernel * conv->kernel,
            std::uint64_t{output.height} * output.width};
  }
  if (const auto* dense = std::get_if<Dense>(&layer))
    return {{dense->units, input.channels}, input.channels, 1};
  return {};
}

std::uint64_t product(const std::vector<std::int64_t>& dimensions) {
  std::uint64_t count = 1;
  for (std::int64_t dimension : dimensions) count *= static_cast<std::uint64_t>(dimension);
  return count;
}

// Calls visit(layer index, weights) for each layer that has weights.
template <class Visit>
void for_each_weights(const Network& network, const Visit& visit) {
  const std::vector<TensorShape> shapes = output_shapes(network);
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Weights weights = weights_of(network.layers[i], i == 0 ? network.input : shapes[i - 1], shapes[i]);
    if (!weights.dimensions.empty()) visit(i, weights);
  }
}

}  // namespace

std::string to_string(const TensorShape& shape) {
  return std::to_string(shape.channels) + " x " + std::to_string(shape.height) + " x " +
         std::to_string(shape.width);
}

std::vector<TensorShape> output_shapes(const Network& network) {
  std::vector<TensorShape> shapes;
  TensorShape shape = network.input;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    shape = std::visit(Infer{network.layers[i], i, shape}, network.layers[i]);
    shapes.push_back(shape);
  }
  return shapes;
}

void check_network(const Network& network, std::uint32_t classes) {
  if (network.layers.empty())
    throw Error({.code = ErrorCode::usage, .where = "network.layers", .what = "no layers"});
  const TensorShape output = output_shapes(network).back();
  if (output != TensorShape{classes, 1, 1}) {
    throw Error({.code = ErrorCode::usage,
                 .where = "layer " + std::to_string(network.layers.size() - 1) + " (" +
                          to_text(network.layers.back()) + ")",
                 .what = "the last layer must give one value per class",
                 .expected = to_string(TensorShape{classes, 1, 1}),
                 .got = to_string(output)});
  }
}

ParameterLayout parameter_layout(const Network& network) {
  ParameterLayout layout;
  const auto place = [&](std::size_t layer, const char* name, const std::vector<std::int64_t>& dimensions,
                         std::uint64_t fan_in) {
    const std::size_t count = product(dimensions);
    layout.tensors.push_back({std::to_string(layer) + name, dimensions, layout.floats, count, fan_in, layer});
    layout.floats += (count + 15) / 16 * 16;
  };
  for_each_weights(network, [&](std::size_t layer, const Weights& weights) {
    place(layer, ".weight", weights.dimensions, weights.fan_in);
    place(layer, ".bias", {weights.dimensions[0]}, weights.fan_in);
  });
  return layout;
}

std::uint64_t parameter_count(const Network& network) {
  std::uint64_t total = 0;
  for (const ParameterTensor& tensor : parameter_layout(network).tensors) total += tensor.count;
  return total;
}

double training_flops(const Network& network) {
  double multiply_adds = 0;
  for_each_weights(network, [&](std::size_t, const Weights& weights) {
    multiply_adds += static_cast<double>(product(weights.dimensions)) * static_cast<double>(weights.uses);
  });
  return 3 * 2 * multiply_adds;
}

}  // namespace titrate::net
