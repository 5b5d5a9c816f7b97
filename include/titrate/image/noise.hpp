// Noise that belongs to an image: the same for (seed, sample) in every epoch, on every machine.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "titrate/core/choice.hpp"

namespace titrate::image {

enum class NoiseKind { gaussian, salt_pepper, speckle, uniform };
constexpr auto choices(NoiseKind) {
  return choice_table<NoiseKind>({{NoiseKind::gaussian, "gaussian"},
                                  {NoiseKind::salt_pepper, "salt_pepper"},
                                  {NoiseKind::speckle, "speckle"},
                                  {NoiseKind::uniform, "uniform"}});
}

struct Noise {
  NoiseKind kind = NoiseKind::gaussian;
  double level = 0;  // as below; of salt_pepper a share of the pixels, 0 to 1
};

// Throws Error (usage) that names `where`: a share of the pixels is 0 to 1, other levels are 0 to 10.
void check_noise(const Noise& noise, std::string_view where);

// Adds noise to pixels in place; the result is rounded half up and cut to 0..255. Each channel value is a
// pixel here.
//   gaussian     value + level * 255 * normal: the level is a deviation, 0.3 is 76.5 grey levels
//   salt_pepper  a changed pixel is 0 or 255 with equal chance
//   speckle      value + level * value * normal
//   uniform      value + level * 255 * u, u between -1 and 1
// Level 0 changes nothing.
void add_noise(std::span<std::uint8_t> pixels, const Noise& noise, std::uint64_t seed, std::uint64_t sample);

}  // namespace titrate::image
