#include "titrate/net/zoo.hpp"

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate::net {

const std::vector<ZooEntry>& zoo() {
  static const std::vector<ZooEntry> entries{
      {"simple-cnn",
       "the small CNN of PyTorch's first MNIST tutorials",
       {"conv 10 5", "max_pool 2", "relu", "conv 20 5", "max_pool 2", "relu", "flatten", "dense 50", "relu"}},
      {"pytorch-cnn",
       "PyTorch's examples/mnist",
       {"conv 32 3", "relu", "conv 64 3", "relu", "max_pool 2", "dropout 0.25", "flatten", "dense 128",
        "relu", "dropout 0.5"}},
  };
  return entries;
}

Network make_network(std::string_view name, const TensorShape& input, std::uint32_t classes) {
  std::vector<std::string> names;
  for (const ZooEntry& entry : zoo()) {
    if (entry.name == name) {
      std::vector<std::string> layers = entry.layers;
      layers.push_back("dense " + std::to_string(classes));
      return make_network(layers, input, classes);
    }
    names.push_back(entry.name);
  }
  const auto near = nearest(name, names);
  throw Error({.code = ErrorCode::usage,
               .where = "network.name",
               .what = "unknown network \"" + std::string(name) + "\"",
               .hint = near ? "did you mean \"" + *near + "\"?" : "known are " + join(names, ", ")});
}

Network make_network(const std::vector<std::string>& layers, const TensorShape& input,
                     std::uint32_t classes) {
  Network network{.input = input};
  for (const std::string& text : layers) network.layers.push_back(parse_layer(text, "network.layers"));
  check_network(network, classes);
  return network;
}

}  // namespace titrate::net
