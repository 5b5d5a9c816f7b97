#include "titrate/study/network.hpp"

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/net/zoo.hpp"

namespace titrate::study {

net::Network make_network(const NetworkSettings& settings, const image::Shape& shape, std::size_t classes) {
  const net::TensorShape images{shape.channels, shape.height, shape.width};
  const auto outputs = static_cast<std::uint32_t>(classes);
  if (!settings.layers.empty()) return net::make_network(settings.layers, images, outputs, settings.side);
  if (settings.side != 0) {
    throw Error({.code = ErrorCode::usage,
                 .where = "network.side",
                 .what = "out of range",
                 .expected = "network.layers beside it: those of the zoo have their own",
                 .got = std::to_string(settings.side)});
  }
  return net::make_network(settings.name, images, outputs);
}

std::string network_text(const Settings& settings) {
  const bool named = settings.network.name != NetworkSettings{}.name;
  return settings.network.layers.empty() || named ? settings.network.name
                                                  : join(settings.network.layers, ", ");
}

}  // namespace titrate::study
