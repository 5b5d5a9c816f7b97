#include "titrate/net/zoo.hpp"

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate::net {
namespace {

constexpr TensorShape kDigits{1, 28, 28};

std::string block(const char* channels, const char* stride) {
  const std::string conv = std::string("conv ") + channels + " 3";
  return "residual [" + conv + stride + " padding=1 bias=no, batch_norm, relu, " + conv +
         " padding=1 bias=no, batch_norm]";
}

// He et al., "Deep residual learning", 2015, section 4.2, with n = 3.
std::vector<std::string> resnet_20() {
  std::vector<std::string> layers{"conv 16 3 padding=1 bias=no", "batch_norm", "relu"};
  for (const char* channels : {"16", "32", "64"}) {
    for (int i = 0; i < 3; ++i) {
      const bool halves = i == 0 && channels[0] != '1';
      layers.insert(layers.end(), {block(channels, halves ? " stride=2" : ""), "relu"});
    }
  }
  layers.emplace_back("global_avg_pool");
  return layers;
}

// Table 1 of the paper.
const char* const kLenet5C3 =
    "conv 16 5 table=0+1+2/1+2+3/2+3+4/3+4+5/0+4+5/0+1+5/0+1+2+3/1+2+3+4/2+3+4+5/0+3+4+5/0+1+4+5/0+1+2+5/"
    "0+1+3+4/1+2+4+5/0+2+3+5/0+1+2+3+4+5";

TensorShape padded(const TensorShape& images, std::uint32_t side) {
  if (side == 0) return images;
  if (images.height > side || images.width > side) {
    throw Error({.code = ErrorCode::usage,
                 .where = "network",
                 .what = "the images are larger than the network takes",
                 .expected = "at most " + std::to_string(side) + " x " + std::to_string(side),
                 .got = std::to_string(images.height) + " x " + std::to_string(images.width),
                 .hint = "pack them with the transform \"resize " + std::to_string(side) + "\""});
  }
  return {images.channels, side, side};
}

}  // namespace

const std::vector<ZooEntry>& zoo() {
  static const std::vector<ZooEntry> entries{
      {"simple-cnn",
       "the small CNN of PyTorch's first MNIST tutorials",
       kDigits,
       0,
       {"conv 10 5", "max_pool 2", "relu", "conv 20 5", "max_pool 2", "relu", "flatten", "dense 50", "relu"}},
      {"pytorch-cnn",
       "PyTorch's examples/mnist",
       kDigits,
       0,
       {"conv 32 3", "relu", "conv 64 3", "relu", "max_pool 2", "dropout 0.25", "flatten", "dense 128",
        "relu", "dropout 0.5"}},
      {"lenet5",
       "LeCun, Bottou, Bengio, Haffner, \"Gradient-based learning applied to document recognition\", 1998: "
       "its "
       "layers and table of connections; plain average pooling, tanh, and a softmax instead of the RBF "
       "outputs",
       kDigits,
       32,
       {"conv 6 5", "tanh", "avg_pool 2", kLenet5C3, "tanh", "avg_pool 2", "conv 120 5", "tanh", "flatten",
        "dense 84", "tanh"}},
      {"lenet5-modern",
       "LeNet-5 with every map of C3 connected, ReLU and max pooling",
       kDigits,
       32,
       {"conv 6 5", "relu", "max_pool 2", "conv 16 5", "relu", "max_pool 2", "conv 120 5", "relu", "flatten",
        "dense 84", "relu"}},
      {"patch-mlp",
       "our own: one small MLP on each 7 x 7 square, joined, for Fashion-MNIST whole, split and rotated",
       kDigits,
       0,
       {"patches 7 [flatten, dense 64, relu, dense 32, relu]", "dense 128", "relu"}},
      {"noisy-cnn",
       "our own, after what people submit for MNIST: two double convolutions and three dense layers, for "
       "very "
       "noisy digits",
       kDigits,
       32,
       {"conv 32 5 l2=5e-04",
        "relu",
        "conv 32 5 bias=no",
        "batch_norm",
        "relu",
        "max_pool 2",
        "dropout 0.5",
        "conv 64 3 l2=5e-04",
        "relu",
        "conv 64 3 bias=no",
        "batch_norm",
        "relu",
        "max_pool 2",
        "dropout 0.5",
        "flatten",
        "dense 256 bias=no",
        "batch_norm",
        "relu",
        "dense 128 bias=no",
        "batch_norm",
        "relu",
        "dense 64 bias=no",
        "batch_norm",
        "relu",
        "dropout 0.5"}},
      {"small-images-cnn",
       "our own: three blocks of convolution, ReLU, max pooling and dropout, for small pictures in colour",
       {3, 64, 64},
       0,
       {"conv 32 3 padding=same", "relu", "max_pool 2", "dropout 0.25", "conv 64 3 padding=same", "relu",
        "max_pool 2", "dropout 0.25", "conv 128 3 padding=same", "relu", "max_pool 2", "dropout 0.25",
        "flatten", "dense 128", "relu", "dropout 0.5"}},
      {"resnet-20",
       "He, Zhang, Ren, Sun, \"Deep residual learning for image recognition\", 2015; shortcuts by "
       "projection, its "
       "option B",
       {3, 32, 32},
       0,
       resnet_20()},
  };
  return entries;
}

const ZooEntry* find_network(std::string_view name) {
  for (const ZooEntry& entry : zoo()) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

const ZooEntry& zoo_entry(std::string_view name) {
  if (const ZooEntry* entry = find_network(name)) return *entry;
  std::vector<std::string> names;
  for (const ZooEntry& known : zoo()) names.push_back(known.name);
  throw Error({.code = ErrorCode::usage,
               .where = "network.name",
               .what = "unknown network \"" + std::string(name) + "\"",
               .hint = did_you_mean(name, names, "known are " + join(names, ", "))});
}

Network make_network(std::string_view name, const TensorShape& images, std::uint32_t classes) {
  const ZooEntry& entry = zoo_entry(name);
  std::vector<std::string> layers = entry.layers;
  layers.push_back("dense " + std::to_string(classes));
  return make_network(layers, images, classes, entry.side);
}

Network make_network(const std::vector<std::string>& layers, const TensorShape& images, std::uint32_t classes,
                     std::uint32_t side) {
  Network network{.input = padded(images, side)};
  for (const std::string& text : layers) network.layers.push_back(parse_layer(text, "network.layers"));
  check_network(network, classes);
  return network;
}

}  // namespace titrate::net
