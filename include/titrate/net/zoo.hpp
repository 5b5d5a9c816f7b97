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
  TensorShape images{};               // what its origin feeds it; others are taken too
  std::uint32_t side = 0;             // smaller images are padded to side x side; 0: taken as they are
  std::vector<std::string> layers{};  // text forms, without the last "dense CLASSES"
};

const std::vector<ZooEntry>& zoo();

// The zoo's entry of that name: null, or Error (usage) with the nearest, where there is none.
const ZooEntry* find_network(std::string_view name);
const ZooEntry& zoo_entry(std::string_view name);

// The zoo's network `name` for these images and number of classes; its input is what the images are padded
// to. Throws Error (usage) for an unknown name, with the nearest, and for images that are larger than the
// network takes.
Network make_network(std::string_view name, const TensorShape& images, std::uint32_t classes);

// A network from the text forms of all its layers, for images that are padded to side x side (0: taken as
// they are).
Network make_network(const std::vector<std::string>& layers, const TensorShape& images, std::uint32_t classes,
                     std::uint32_t side = 0);

}  // namespace titrate::net
