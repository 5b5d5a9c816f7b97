// Networks by name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "titrate/net/network.hpp"

namespace titrate::net {

struct ZooEntry {
  std::string name{};
  std::string origin{};               // where the network comes from
  std::vector<std::string> layers{};  // text forms, without the last "dense CLASSES"
};

const std::vector<ZooEntry>& zoo();

// The zoo's network `name` for this input and number of classes. Throws Error (usage) for an unknown name,
// with the nearest.
Network make_network(std::string_view name, const TensorShape& input, std::uint32_t classes);

// A network from the text forms of all its layers.
Network make_network(const std::vector<std::string>& layers, const TensorShape& input, std::uint32_t classes);

}  // namespace titrate::net
