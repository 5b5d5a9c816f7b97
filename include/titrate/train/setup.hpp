// From a trial's settings to what the trainer is given.
#pragma once

#include <cstdint>

#include "titrate/data/catalog.hpp"
#include "titrate/study/keys.hpp"
#include "titrate/train/trainer.hpp"

namespace titrate::train {

// Throws Error (usage) that names the key which is wrong or does not fit the dataset.
train::TrialSetup make_setup(const study::Settings& settings, const shard::Manifest& manifest);

}  // namespace titrate::train
