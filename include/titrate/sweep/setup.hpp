// From a trial's settings to what the trainer is given.
#pragma once

#include <cstdint>

#include "titrate/data/catalog.hpp"
#include "titrate/sweep/settings.hpp"
#include "titrate/train/trainer.hpp"

namespace titrate::sweep {

// Throws Error (usage) that names the key which is wrong or does not fit the dataset.
train::TrialSetup make_setup(const Settings& settings, const shard::Manifest& manifest);

// The network of a trial on images of this shape. Throws Error (usage).
net::Network make_network(const NetworkSettings& settings, const image::Shape& shape, std::size_t classes);

// Images of one split and origin.
std::uint64_t count_images(const shard::Manifest& manifest, data::Split split, data::Origin origin);

}  // namespace titrate::sweep
