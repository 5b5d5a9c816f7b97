#include "titrate/net/network.hpp"

#include <algorithm>

#include "titrate/core/error.hpp"
#include "titrate/net/parameters.hpp"

namespace titrate::net {
namespace {

constexpr std::uint64_t kMostValues = std::uint64_t{1} << 28;   // of one image, after a layer
constexpr std::uint64_t kMostWeights = std::uint64_t{1} << 30;  // of a layer, and of a network
constexpr std::size_t kShown = 100;                             // of a layer's text, in messages

// Makes the nodes of one list of layers after another, counting.
class Resolver {
 public:
  // What `prefix` is to the names of the layers: "5.layers.".
  std::vector<Node> list(const std::vector<Layer>& layers, const TensorShape& input,
                         const std::string& prefix, std::uint64_t runs) {
    std::vector<Node> nodes;
    TensorShape shape = input;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      nodes.push_back(resolve(layers[i], shape, prefix + std::to_string(i), runs));
      shape = nodes.back().output;
    }
    return nodes;
  }

 private:
  // The output shape of one layer, or an Error that names it.
  struct Infer;

  Node resolve(const Layer& layer, const TensorShape& input, const std::string& name, std::uint64_t runs);

  std::size_t next_ = 0;
};

TensorShape output_of(const std::vector<Node>& nodes, const TensorShape& input) {
  return nodes.empty() ? input : nodes.back().output;
}

// There is an overload for each layer: a new one does not compile before it says what it gives.
struct Resolver::Infer {
  Resolver& resolver;
  Node& node;

  [[noreturn]] void refuse(const std::string& what, const std::string& hint = "") const {
    throw Error({.code = ErrorCode::usage,
                 .where = "layer " + node.name + " (" + to_text(node.layer).substr(0, kShown) + ")",
                 .what = what,
                 .got = "an input of " + to_string(node.input),
                 .hint = hint});
  }

  // Each factor is below 2^32; the product of all but the last is checked before the next is multiplied.
  std::uint64_t limited(std::initializer_list<std::uint64_t> factors, std::uint64_t most,
                        const char* what) const {
    std::uint64_t product = 1;
    for (const std::uint64_t factor : factors) {
      product *= factor;
      if (product > most) refuse(std::string("more than ") + std::to_string(most) + " " + what);
    }
    return product;
  }

  // PyTorch's formula: positions of a window that stays inside the padded side.
  std::uint32_t positions(std::uint32_t side, std::uint32_t window, std::uint32_t stride,
                          std::uint32_t padding, const char* what) const {
    const std::uint64_t padded = std::uint64_t{side} + 2 * std::uint64_t{padding};
    if (padded < window) refuse(std::string("the ") + what + " is larger than the image");
    return static_cast<std::uint32_t>((padded - window) / stride + 1);
  }

  TensorShape operator()(const Conv& conv) const {
    const TensorShape& input = node.input;
    if (input.channels % conv.groups != 0 || conv.channels % conv.groups != 0)
      refuse("groups divide neither or only one of the channels that come in and go out");
    check_table(conv);
    limited({conv.channels, input.channels / conv.groups, conv.kernel, conv.kernel}, kMostWeights, "weights");
    if (conv.same && conv.stride != 1) refuse("padding=same wants stride 1", "give padding=N");
    if (conv.same) return {conv.channels, input.height, input.width};
    return {conv.channels, positions(input.height, conv.kernel, conv.stride, conv.padding, "kernel"),
            positions(input.width, conv.kernel, conv.stride, conv.padding, "kernel")};
  }
  void check_table(const Conv& conv) const {
    if (conv.table.empty()) return;
    if (conv.groups != 1) refuse("table and groups do not go together");
    if (conv.table.size() != conv.channels) refuse("table has not one entry for each output channel");
    for (const auto& inputs : conv.table) {
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        const auto here = inputs.begin() + static_cast<std::ptrdiff_t>(i);
        if (inputs[i] >= node.input.channels) refuse("table names an input channel that there is not");
        if (std::find(inputs.begin(), here, inputs[i]) != here) refuse("table names an input channel twice");
      }
    }
  }
  template <class Pool>
  TensorShape pooled(const Pool& pool) const {
    const std::uint32_t stride = pool.stride == 0 ? pool.size : pool.stride;
    if (2 * pool.padding > pool.size) refuse("the padding is more than half of the window");
    return {node.input.channels, positions(node.input.height, pool.size, stride, pool.padding, "window"),
            positions(node.input.width, pool.size, stride, pool.padding, "window")};
  }
  TensorShape operator()(const MaxPool& pool) const { return pooled(pool); }
  TensorShape operator()(const AvgPool& pool) const { return pooled(pool); }
  TensorShape operator()(const GlobalAvgPool&) const { return {node.input.channels, 1, 1}; }
  TensorShape operator()(const Flatten&) const {
    return {static_cast<std::uint32_t>(node.input.values()), 1, 1};
  }
  TensorShape operator()(const Dense& dense) const {
    if (node.input.height != 1 || node.input.width != 1)
      refuse("dense takes a flat input", "put \"flatten\" before it");
    limited({dense.units, node.input.channels}, kMostWeights, "weights");
    return {dense.units, 1, 1};
  }
  TensorShape operator()(const Patches& patches) const {
    const TensorShape& input = node.input;
    if (input.height % patches.size != 0 || input.width % patches.size != 0)
      refuse("the image cannot be cut into such squares");
    const std::uint32_t squares = input.height / patches.size * (input.width / patches.size);
    node.layers = resolver.list(patches.layers, {input.channels, patches.size, patches.size},
                                node.name + ".layers.", node.runs * squares);
    const TensorShape each = output_of(node.layers, input);
    if (each.height != 1 || each.width != 1)
      refuse("what its layers give is not flat", "end them with \"flatten\" or \"dense\"");
    return {static_cast<std::uint32_t>(limited({each.channels, squares}, kMostValues, "values")), 1, 1};
  }
  TensorShape operator()(const Residual& residual) const {
    node.layers = resolver.list(residual.layers, node.input, node.name + ".layers.", node.runs);
    const TensorShape output = output_of(node.layers, node.input);
    if (output != node.input)
      node.projection =
          resolver.list(projection_to(output), node.input, node.name + ".projection.", node.runs);
    if (output_of(node.projection, node.input) != output)
      refuse("no projection brings the input to " + to_string(output));
    return output;
  }
  // He et al., "Deep residual learning", 2015, option B, with the batch norm that its authors' code has.
  std::vector<Layer> projection_to(const TensorShape& output) const {
    const TensorShape& input = node.input;
    if (input.height == 1 && input.width == 1)
      return {Dense{.units = output.channels, .bias = false}, BatchNorm{}};
    const std::uint32_t stride = (input.height + output.height - 1) / output.height;
    return {Conv{.channels = output.channels, .kernel = 1, .stride = stride, .bias = false}, BatchNorm{}};
  }
  TensorShape operator()(const BatchNorm&) const { return node.input; }
  TensorShape operator()(const Dropout&) const { return node.input; }
  TensorShape operator()(const GaussianNoise&) const { return node.input; }
  TensorShape operator()(const Activation auto&) const { return node.input; }
};

Node Resolver::resolve(const Layer& layer, const TensorShape& input, const std::string& name,
                       std::uint64_t runs) {
  Node node{.layer = layer, .name = name, .number = next_++, .input = input, .runs = runs};
  const Infer infer{*this, node};
  node.output = std::visit(infer, static_cast<const LayerKind&>(node.layer));
  infer.limited({node.output.channels, node.output.height, node.output.width, runs}, kMostValues, "values");
  return node;
}

}  // namespace

std::string to_string(const TensorShape& shape) {
  return std::to_string(shape.channels) + " x " + std::to_string(shape.height) + " x " +
         std::to_string(shape.width);
}

std::vector<Node> resolve(const Network& network) {
  return Resolver().list(network.layers, network.input, "", 1);
}

std::vector<TensorShape> output_shapes(const Network& network) {
  std::vector<TensorShape> shapes;
  for (const Node& node : resolve(network)) shapes.push_back(node.output);
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
  if (parameter_count(network) > kMostWeights) {
    throw Error({.code = ErrorCode::usage,
                 .where = "network",
                 .what = "too many parameters",
                 .expected = "at most " + std::to_string(kMostWeights),
                 .got = std::to_string(parameter_count(network))});
  }
}

bool needs_batch_statistics(const Network& network) {
  bool found = false;
  for_each_node(resolve(network),
                [&](const Node& node) { found = found || std::holds_alternative<BatchNorm>(node.layer); });
  return found;
}

}  // namespace titrate::net
