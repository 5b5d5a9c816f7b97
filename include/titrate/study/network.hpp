// The network that a trial's settings name.
#pragma once

#include <cstddef>

#include "titrate/image/image.hpp"
#include "titrate/net/network.hpp"
#include "titrate/study/settings.hpp"

namespace titrate::study {

// On images of this shape. Throws Error (usage).
net::Network make_network(const NetworkSettings& settings, const image::Shape& shape, std::size_t classes);

}  // namespace titrate::study
