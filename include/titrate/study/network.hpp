// The network that a trial's settings name.
#pragma once

#include <cstddef>
#include <string>

#include "titrate/image/image.hpp"
#include "titrate/net/network.hpp"
#include "titrate/study/settings.hpp"

namespace titrate::study {

// On images of this shape. Throws Error (usage).
net::Network make_network(const NetworkSettings& settings, const image::Shape& shape, std::size_t classes);

// The network's name, also that of one of the study's own; its layers where only they are given.
std::string network_text(const Settings& settings);

}  // namespace titrate::study
