// Noise from a stream that the caller names. Private to this module.
#pragma once

#include <cstdint>
#include <span>

#include "random_words.hpp"
#include "titrate/image/noise.hpp"

namespace titrate::image {

// As the public one: eight pixels per block, from block 0.
void add_noise(std::span<std::uint8_t> pixels, const Noise& noise, const RandomWords& random);

}  // namespace titrate::image
