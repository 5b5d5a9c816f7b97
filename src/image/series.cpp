#include "series.hpp"
#include "titrate/core/simd_dispatch.hpp"

#include <cmath>

namespace titrate::image {
namespace {

// sin(x) and cos(x) for |x| <= pi/4.
double sin_series(double x) {
  const double square = x * x;
  double term = x, sum = x;
  for (int k = 2; k < 20; k += 2) sum += term *= -square / (k * (k + 1));
  return sum;
}

double cos_series(double x) {
  const double square = x * x;
  double term = 1, sum = 1;
  for (int k = 1; k < 20; k += 2) sum += term *= -square / (k * (k + 1));
  return sum;
}

// e^x = (e^(x/64))^64, the inner one by 12 terms of its series: |x| <= 40. Written out without a
// branch or a loop, so that loops over it vectorise.
inline double bounded_exponential(double x) {
  const double t = x * (1.0 / 64);
  double sum = 1 + t * (1.0 / 12);
  sum = 1 + sum * t * (1.0 / 11);
  sum = 1 + sum * t * (1.0 / 10);
  sum = 1 + sum * t * (1.0 / 9);
  sum = 1 + sum * t * (1.0 / 8);
  sum = 1 + sum * t * (1.0 / 7);
  sum = 1 + sum * t * (1.0 / 6);
  sum = 1 + sum * t * (1.0 / 5);
  sum = 1 + sum * t * (1.0 / 4);
  sum = 1 + sum * t * (1.0 / 3);
  sum = 1 + sum * t * (1.0 / 2);
  sum = 1 + sum * t;
  const double two = sum * sum, four = two * two, eight = four * four, sixteen = eight * eight;
  return (sixteen * sixteen) * (sixteen * sixteen);
}

std::array<double, 256> make_logarithms() {
  std::array<double, 256> table{};
  for (std::size_t i = 1; i < 256; ++i) table[i] = logarithm(static_cast<double>(i) / 255);
  return table;
}

TITRATE_CLONES void fill_powers(const double* __restrict logarithms, double exponent,
                                std::uint8_t* __restrict table) {
  double powers[256];  // a loop for each step: together a compiler finds branches in them
  for (int i = 0; i < 256; ++i) {
    const double x = exponent * logarithms[i];
    powers[i] = x > -40 ? x : -40;
  }
  for (int i = 0; i < 256; ++i) powers[i] = 255 * bounded_exponential(powers[i]) + 0.5;
  for (int i = 0; i < 256; ++i) table[i] = static_cast<std::uint8_t>(static_cast<int>(powers[i]));
}

}  // namespace

Direction direction(double degrees) {
  const double turns = std::round(degrees / 90.0);
  const double rest = (degrees - turns * 90.0) * 0.017453292519943295;
  const double c = cos_series(rest), s = sin_series(rest);
  switch (((static_cast<long long>(turns) % 4) + 4) % 4) {
    case 0:
      return {c, s};
    case 1:
      return {-s, c};
    case 2:
      return {-c, -s};
    default:
      return {s, -c};
  }
}

double exponential(double x) { return bounded_exponential(x > -40 ? x : -40); }

// The exponent is halved away, then the series of 2 atanh((m - 1) / (m + 1)).
double logarithm(double x) {
  int exponent = 0;
  for (; x < 0.70710678118654752; x *= 2) --exponent;
  for (; x > 1.4142135623730951; x /= 2) ++exponent;
  const double t = (x - 1) / (x + 1), square = t * t;
  double power = t, sum = 0;
  for (int k = 1; k < 41; k += 2) {
    sum += power / k;
    power *= square;
  }
  return 2 * sum + exponent * 0.69314718055994531;
}

std::array<std::uint8_t, 256> power_table(double exponent) {
  static const std::array<double, 256> logarithms = make_logarithms();
  std::array<std::uint8_t, 256> table{};
  fill_powers(logarithms.data(), exponent, table.data());
  table[0] = 0;
  return table;
}

}  // namespace titrate::image
