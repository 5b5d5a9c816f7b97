// Functions that a math library has, by series: the same bits whatever the library.
#pragma once

#include <array>
#include <cstdint>

namespace titrate::image {

struct Direction {
  double cosine = 1, sine = 0;
};

Direction direction(double degrees);  // exact for multiples of 90
double exponential(double x);         // |x| <= 40, below that as for -40; relative accuracy about 1e-11
double logarithm(double x);           // natural; x > 0

// 255 (i / 255)^exponent for each level i, rounded; 0 stays 0. exponent > 0.
std::array<std::uint8_t, 256> power_table(double exponent);

}  // namespace titrate::image
