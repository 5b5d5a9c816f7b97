// Noise that belongs to an image: the same for (seed, sample) in every epoch, on every machine.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "titrate/core/choice.hpp"

namespace titrate::image {

enum class NoiseKind { gaussian, salt_pepper, speckle, uniform, poisson };
constexpr auto choices(NoiseKind) {
  return choice_table<NoiseKind>({{NoiseKind::gaussian, "gaussian"},
                                  {NoiseKind::salt_pepper, "salt_pepper"},
                                  {NoiseKind::speckle, "speckle"},
                                  {NoiseKind::uniform, "uniform"},
                                  {NoiseKind::poisson, "poisson"}});
}

double most_noise(NoiseKind kind);  // the highest level

// "gaussian: deviation / 255; ...": what the level of each kind is.
std::string noise_levels_help();

struct Noise {
  NoiseKind kind = NoiseKind::gaussian;
  double level = 0;  // as below
};

// Throws Error (usage) that names `where`: a level above most_noise().
void check_noise(const Noise& noise, std::string_view where);

// Adds noise to pixels in place; the result is rounded half up and cut to 0..255. Each channel value is a
// pixel here.
//   gaussian     value + level * 255 * normal: the level is a deviation, 0.3 is 76.5 grey levels
//   salt_pepper  a changed pixel is 0 or 255 with equal chance
//   speckle      value + level * value * normal
//   uniform      value + level * 255 * u, u between -1 and 1
//   poisson      255 * level * n, n photons of a Poisson law whose mean is value / (255 * level): shot noise
// Level 0 changes nothing.
void add_noise(std::span<std::uint8_t> pixels, const Noise& noise, std::uint64_t seed, std::uint64_t sample);

}  // namespace titrate::image
