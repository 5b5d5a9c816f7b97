// From a trial's settings to what the trainer is given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "titrate/data/catalog.hpp"
#include "titrate/study/settings.hpp"
#include "titrate/train/trainer.hpp"

namespace titrate::train {

// Throws Error (usage) that names the key which is wrong or does not fit the dataset.
TrialSetup make_setup(const study::Settings& settings, const shard::Manifest& manifest);

// The number of real images that a source's `trained_on` begins with, as people write it: "60,000 of MNIST".
std::optional<std::uint64_t> stated_images(const std::string& trained_on);

}  // namespace titrate::train
