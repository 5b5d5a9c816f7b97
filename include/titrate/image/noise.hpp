// Noise that belongs to an image: the same for (seed, sample) in every epoch, on every machine.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace titrate::image {

enum class NoiseKind { gaussian, salt_pepper };

NoiseKind parse_noise_kind(std::string_view text, std::string_view where);  // throws Error (usage)
std::string to_text(NoiseKind kind);

struct Noise {
  NoiseKind kind = NoiseKind::gaussian;
  double level =
      0;  // gaussian: standard deviation / 255 (0.3 is 76.5 grey levels); salt_pepper: share of the pixels
};

// Adds noise to pixels in place. gaussian: value + level * 255 * normal, rounded half away from zero, cut to
// 0..255. salt_pepper: a changed pixel is 0 or 255 with equal chance; each channel value is a pixel here.
// Level 0 changes nothing.
void add_noise(std::span<std::uint8_t> pixels, const Noise& noise, std::uint64_t seed, std::uint64_t sample);

}  // namespace titrate::image
