// A network is data: an input shape and a list of layers. Shapes, parameters, names and costs are functions
// of it, and every engine interprets the same list.
//
// Text forms: "conv CHANNELS KERNEL", "max_pool SIZE", "relu", "flatten", "dense UNITS", "dropout RATE".
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace titrate::net {

struct Conv {  // stride 1, no padding
  std::uint32_t channels = 0, kernel = 0;
  bool operator==(const Conv&) const = default;
};
struct MaxPool {  // stride = size; a rest at the border is dropped
  std::uint32_t size = 0;
  bool operator==(const MaxPool&) const = default;
};
struct Relu {
  bool operator==(const Relu&) const = default;
};
struct Flatten {
  bool operator==(const Flatten&) const = default;
};
struct Dense {
  std::uint32_t units = 0;
  bool operator==(const Dense&) const = default;
};
struct Dropout {  // each value 0 with chance `rate`, else divided by 1 - rate; in training alone
  double rate = 0;
  bool operator==(const Dropout&) const = default;
};

using Layer = std::variant<Conv, MaxPool, Relu, Flatten, Dense, Dropout>;

// Throws Error (usage) that names `where` and the layer's text.
Layer parse_layer(std::string_view text, std::string_view where);
std::string to_text(const Layer& layer);

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

// The output shape of each layer. Throws Error (usage) that names the layer which cannot take what comes in.
std::vector<TensorShape> output_shapes(const Network& network);

// Checks shapes, and that the last layer gives one value per class.
void check_network(const Network& network, std::uint32_t classes);

// One parameter tensor in the flat buffer.
struct ParameterTensor {
  std::string name{};  // PyTorch's for nn.Sequential: "0.weight"
  std::vector<std::int64_t>
      dimensions{};        // PyTorch's layout: conv (out, in, kernel, kernel), dense (out, in)
  std::size_t offset = 0;  // in floats; each tensor starts on 64 bytes
  std::size_t count = 0;
  std::uint64_t fan_in = 0;
  std::size_t layer = 0;
};

struct ParameterLayout {
  std::vector<ParameterTensor> tensors{};
  std::size_t floats = 0;  // of the flat buffer, gaps included; a multiple of 16
};

ParameterLayout parameter_layout(const Network& network);
std::uint64_t parameter_count(const Network& network);  // without gaps

// Floating-point operations to train on one image: two per multiply-add, times three for forward and both
// backward products.
double training_flops(const Network& network);

}  // namespace titrate::net
