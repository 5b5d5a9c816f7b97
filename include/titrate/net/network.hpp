// A network is data: an input shape and a list of layers. Shapes, parameters, names and costs are functions
// of it, and every engine interprets the same list. A layer has a text form, "conv
// 10 5"; the table in layer_text.cpp has all of them, and layers_help() prints it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace titrate::net {

struct Layer;

// As PyTorch's Conv2d. "same" keeps height and width: the frame of kernel - 1 zeros is split in two, an odd
// rest goes below and to the right; it wants stride 1.
struct Conv {
  std::uint32_t channels = 0, kernel = 0;
  std::uint32_t stride = 1;
  std::uint32_t padding = 0;  // zeros on each side
  bool same = false;          // instead of `padding`
  bool bias = true;
  double l2 = 0;  // Keras's kernel_regularizer: l2 x (sum of squares of the weights) is added to the loss
  std::uint32_t groups = 1;
  std::vector<std::vector<std::uint32_t>> table{};  // the inputs that each output channel sees; empty: all
  bool operator==(const Conv&) const = default;
};
// A rest at the border is dropped. Zeros of the padding never win.
struct MaxPool {
  std::uint32_t size = 0, stride = 0, padding = 0;  // stride 0: size
  bool operator==(const MaxPool&) const = default;
};
// Zeros of the padding count, as in PyTorch's AvgPool2d.
struct AvgPool {
  std::uint32_t size = 0, stride = 0, padding = 0;  // stride 0: size
  bool operator==(const AvgPool&) const = default;
};
struct GlobalAvgPool {
  bool operator==(const GlobalAvgPool&) const = default;
};
// Ioffe and Szegedy, "Batch normalization", 2015, as PyTorch's BatchNorm1d and 2d: in training by the mean
// and the biased variance of the part of the batch at hand, in evaluation by running ones, which move by
// `momentum` towards the mean and unbiased variance of the batch: the average over its parts, where there are
// several.
struct BatchNorm {
  double momentum = 0.1, epsilon = 1e-5;
  bool operator==(const BatchNorm&) const = default;
};
struct Dropout {  // each value 0 with chance `rate`, else divided by 1 - rate; in training alone
  double rate = 0;
  bool operator==(const Dropout&) const = default;
};
struct GaussianNoise {  // value + deviation x normal, as Keras's; in training alone
  double deviation = 0;
  bool operator==(const GaussianNoise&) const = default;
};
// Activations: each value by itself, so the shape stays, there are no parameters, and a value costs one
// operation.
struct Relu {
  static constexpr bool is_activation = true;
  bool operator==(const Relu&) const = default;
};
struct LeakyRelu {
  static constexpr bool is_activation = true;
  double slope = 0.01;  // below 0
  bool operator==(const LeakyRelu&) const = default;
};
struct Tanh {
  static constexpr bool is_activation = true;
  bool operator==(const Tanh&) const = default;
};
struct Sigmoid {
  static constexpr bool is_activation = true;
  bool operator==(const Sigmoid&) const = default;
};
struct Gelu {  // exact: x times the normal distribution's share below x (Hendrycks and Gimpel, 2016)
  static constexpr bool is_activation = true;
  bool operator==(const Gelu&) const = default;
};
struct Flatten {
  bool operator==(const Flatten&) const = default;
};
struct Dense {
  std::uint32_t units = 0;
  bool bias = true;
  double l2 = 0;  // as Conv's
  bool operator==(const Dense&) const = default;
};
// Cuts the input into squares, row by row, runs the same layers on each, and joins what they give.
struct Patches {
  std::uint32_t size = 0;
  std::vector<Layer> layers;
  bool operator==(const Patches& other) const;
};
// layers(x) + x; where the shapes differ, layers(x) + projection(x).
struct Residual {
  std::vector<Layer> layers;
  bool operator==(const Residual& other) const;
};

template <class Kind>
concept Activation = Kind::is_activation;

using LayerKind = std::variant<Conv, MaxPool, AvgPool, GlobalAvgPool, BatchNorm, Dropout, GaussianNoise, Relu,
                               LeakyRelu, Tanh, Sigmoid, Gelu, Flatten, Dense, Patches, Residual>;
struct Layer : LayerKind {
  using LayerKind::LayerKind;
};

inline bool Patches::operator==(const Patches& other) const {
  return size == other.size && layers == other.layers;
}
inline bool Residual::operator==(const Residual& other) const { return layers == other.layers; }

// Throws Error (usage) that names `where` and the layer's text.
Layer parse_layer(std::string_view text, std::string_view where);
// The shortest text that reads back as the same layer.
std::string to_text(const Layer& layer);
// The text forms, one per line, for --help.
std::string layers_help();

// One image on its way through the network. After "flatten": channels values, 1 x 1.
struct TensorShape {
  std::uint32_t channels = 0, height = 0, width = 0;
  std::uint64_t values() const { return std::uint64_t{channels} * height * width; }
  bool operator==(const TensorShape&) const = default;
};

std::string to_string(const TensorShape& shape);  // "10 x 24 x 24"

struct Network {
  TensorShape input{};
  std::vector<Layer> layers{};
};

// A layer where it stands: what goes in and what comes out.
struct Node {
  Layer layer{};
  std::string name{};      // PyTorch's: "3" in nn.Sequential, "5.layers.0", "5.projection.1"
  std::size_t number = 0;  // in the order of all nodes: a node, its layers, its projection
  TensorShape input{}, output{};
  std::uint64_t runs = 1;          // for one image: the squares of the patches around it
  std::vector<Node> layers{};      // of patches and residual
  std::vector<Node> projection{};  // of a residual whose shapes differ: a strided 1 x 1 conv (or a dense
                                   // layer where there is but one pixel) and a batch_norm
};

// Throws Error (usage) that names the layer which cannot take what comes in.
std::vector<Node> resolve(const Network& network);

// Calls visit(node) for every node, in the order of their numbers.
template <class Visit>
void for_each_node(const std::vector<Node>& nodes, const Visit& visit) {
  for (const Node& node : nodes) {
    visit(node);
    for_each_node(node.layers, visit);
    for_each_node(node.projection, visit);
  }
}

// The output shape of each layer of the list.
std::vector<TensorShape> output_shapes(const Network& network);

// Checks shapes, and that the last layer gives one value per class.
void check_network(const Network& network, std::uint32_t classes);

// Whether a part of a batch needs two images or more, as batch_norm does in training.
bool needs_batch_statistics(const Network& network);

}  // namespace titrate::net
