// Means over seeds, and how far they can be trusted.
//
// Only + - * / and sqrt are used, so the bits do not depend on a math library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace titrate::study {

// A mean with its two-sided 95 % t interval (Student, "The probable error of a mean", 1908):
// mean -+ t(0.975, n - 1) * sd / sqrt(n).
struct Estimate {
  std::size_t n = 0;
  double mean = std::numeric_limits<double>::quiet_NaN();        // n >= 1
  double sd = std::numeric_limits<double>::quiet_NaN();          // of the sample (n - 1); n >= 2
  double half_width = std::numeric_limits<double>::quiet_NaN();  // of the interval; n >= 2

  bool has_interval() const { return n >= 2; }
  double low() const { return mean - half_width; }
  double high() const { return mean + half_width; }
};

struct SeedValue {
  std::uint64_t seed = 0;
  double value = 0;
};

Estimate estimate(std::span<const double> values);
Estimate estimate(std::span<const SeedValue> values);

// treated - control for each seed that both have. Both sorted by seed, each seed once.
std::vector<SeedValue> paired_differences(std::span<const SeedValue> treated,
                                          std::span<const SeedValue> control);

// The probability that |T| >= t for Student's t with `degrees` degrees of freedom (>= 1): the regularised
// incomplete beta function I_x(degrees / 2, 1 / 2) at x = degrees / (degrees + t^2) (DLMF 8.17.22, as a
// continued fraction by Lentz's method).
double two_sided_tail(double t, std::size_t degrees);

// The t with two_sided_tail(t, degrees) = 1 - confidence, for 0 < confidence < 1: t(0.975, n) is
// t_quantile(0.95, n).
double t_quantile(double confidence, std::size_t degrees);

}  // namespace titrate::study
