#include "titrate/study/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace titrate::study {
namespace {

double power(double base, std::size_t exponent) {
  double result = 1;
  for (; exponent > 0; exponent /= 2, base *= base) {
    if (exponent % 2 == 1) result *= base;
  }
  return result;
}

// B(degrees / 2, 1 / 2), up from B(1/2, 1/2) = pi and B(1, 1/2) = 2 by B(a + 1, b) = B(a, b) a / (a + b).
double beta_of(std::size_t degrees) {
  double beta = degrees % 2 == 1 ? std::numbers::pi : 2.0;
  for (std::size_t twice_a = degrees % 2 == 1 ? 1 : 2; twice_a < degrees; twice_a += 2)
    beta *= static_cast<double>(twice_a) / static_cast<double>(twice_a + 1);
  return beta;
}

// The continued fraction of I_x(a, b) (DLMF 8.17.22), which converges fast for x < (a + 1) / (a + b + 2).
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  const auto not_zero = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1, d = 1 / not_zero(1 - (a + b) * x / (a + 1)), fraction = d;
  for (int m = 1; m < 10000; ++m) {
    const double twice = 2.0 * m;
    const double even = m * (b - m) * x / ((a + twice - 1) * (a + twice));
    d = 1 / not_zero(1 + even * d);
    c = not_zero(1 + even / c);
    fraction *= c * d;
    const double odd = -(a + m) * (a + b + m) * x / ((a + twice) * (a + twice + 1));
    d = 1 / not_zero(1 + odd * d);
    c = not_zero(1 + odd / c);
    fraction *= c * d;
    if (std::abs(c * d - 1) < 1e-15) break;
  }
  return fraction;
}

// I_x(degrees / 2, 1 / 2)
double incomplete_beta(double x, std::size_t degrees) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double a = static_cast<double>(degrees) / 2, b = 0.5;
  const double front = power(std::sqrt(x), degrees) * std::sqrt(1 - x) / beta_of(degrees);
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

}  // namespace

Estimate estimate(std::span<const double> values) {
  Estimate result{.n = values.size()};
  if (values.empty()) return result;
  const auto n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (double value : values) sum += value;
  result.mean = sum / n;
  if (values.size() < 2) return result;
  for (double value : values) squares += (value - result.mean) * (value - result.mean);
  result.sd = std::sqrt(squares / (n - 1));
  result.half_width = t_quantile(0.95, values.size() - 1) * result.sd / std::sqrt(n);
  return result;
}

Estimate estimate(std::span<const SeedValue> values) {
  std::vector<double> plain;
  for (const SeedValue& value : values) plain.push_back(value.value);
  return estimate(std::span<const double>(plain));
}

std::vector<SeedValue> paired_differences(std::span<const SeedValue> treated,
                                          std::span<const SeedValue> control) {
  std::vector<SeedValue> differences;
  for (std::size_t i = 0, j = 0; i < treated.size() && j < control.size();) {
    if (treated[i].seed < control[j].seed) {
      ++i;
    } else if (control[j].seed < treated[i].seed) {
      ++j;
    } else {
      differences.push_back({treated[i].seed, treated[i].value - control[j].value});
      ++i;
      ++j;
    }
  }
  return differences;
}

double two_sided_tail(double t, std::size_t degrees) {
  const auto n = static_cast<double>(degrees);
  return incomplete_beta(n / (n + t * t), degrees);
}

double t_quantile(double confidence, std::size_t degrees) {
  double low = 0, high = 1;
  for (int i = 0; i < 200 && low < high; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle == low || middle == high) break;
    (incomplete_beta(middle, degrees) < 1 - confidence ? low : high) = middle;
  }
  return std::sqrt(static_cast<double>(degrees) * (1 - high) / high);
}

}  // namespace titrate::study
