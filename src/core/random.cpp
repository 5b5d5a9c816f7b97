#include "titrate/core/random.hpp"

#include <cmath>
#include <numeric>
#include <utility>

namespace titrate {
namespace {

constexpr std::uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;

std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

// ln(x) for 0 < x <= 1 by halving the exponent away and the series of 2 atanh((m - 1) / (m + 1)).
double natural_log(double x) {
  int exponent = 0;
  while (x < 0.70710678118654752) {
    x *= 2.0;
    --exponent;
  }
  const double t = (x - 1.0) / (x + 1.0), square = t * t;
  double power = t, sum = 0.0;
  for (int k = 1; k < 41; k += 2) {
    sum += power / k;
    power *= square;
  }
  return 2.0 * sum + exponent * 0.69314718055994531;
}

double polynomial(const std::array<double, 8>& c, double x) {
  double sum = c[7];
  for (int i = 6; i >= 0; --i) sum = sum * x + c[static_cast<std::size_t>(i)];
  return sum;
}

// AS 241, routine PPND16: relative accuracy about 1e-16.
double normal_quantile(double p) {
  static constexpr std::array<double, 8> a{
      3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
      4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3};
  static constexpr std::array<double, 8> b{1.0,
                                           4.2313330701600911252e+1,
                                           6.8718700749205790830e+2,
                                           5.3941960214247511077e+3,
                                           2.1213794301586595867e+4,
                                           3.9307895800092710610e+4,
                                           2.8729085735721942674e+4,
                                           5.2264952788528545610e+3};
  static constexpr std::array<double, 8> c{1.42343711074968357734e0,  4.63033784615654529590e0,
                                           5.76949722146069140550e0,  3.64784832476320460504e0,
                                           1.27045825245236838258e0,  2.41780725177450611770e-1,
                                           2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static constexpr std::array<double, 8> d{1.0,
                                           2.05319162663775882187e0,
                                           1.67638483018380384940e0,
                                           6.89767334985100004550e-1,
                                           1.48103976427480074590e-1,
                                           1.51986665636164571966e-2,
                                           5.47593808499534494600e-4,
                                           1.05075007164441684324e-9};
  const double q = p - 0.5;
  if (std::fabs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(a, r) / polynomial(b, r);
  }
  // r <= 5 for every p of the 65,536-entry table, so the far tail of AS 241 is never needed.
  const double r = std::sqrt(-natural_log(q < 0 ? p : 1.0 - p)) - 1.6;
  const double value = polynomial(c, r) / polynomial(d, r);
  return q < 0 ? -value : value;
}

std::array<float, 65536> make_quantiles() {
  std::array<float, 65536> table;
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] = static_cast<float>(normal_quantile((static_cast<double>(i) + 0.5) / 65536.0));
  }
  return table;
}

}  // namespace

PhiloxCounter philox4x32(PhiloxCounter counter, PhiloxKey key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{kMultiplier0} * counter[0];
    const std::uint64_t product1 = std::uint64_t{kMultiplier1} * counter[2];
    counter = {static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key[0],
               static_cast<std::uint32_t>(product1),
               static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key[1],
               static_cast<std::uint32_t>(product0)};
    key = {key[0] + kWeyl0, key[1] + kWeyl1};
  }
  return counter;
}

std::uint64_t hash_words(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  return mix(mix(mix(a) ^ b) ^ c);
}

RandomStream::RandomStream(std::uint64_t seed, Purpose purpose, std::uint64_t sample, std::uint32_t epoch) {
  const std::uint64_t key = hash_words(seed, static_cast<std::uint64_t>(purpose));
  key_ = {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)};
  counter_ = {static_cast<std::uint32_t>(sample), static_cast<std::uint32_t>(sample >> 32), 0, epoch};
}

PhiloxCounter RandomStream::block(std::uint32_t draw) const {
  PhiloxCounter counter = counter_;
  counter[2] = draw;
  return philox4x32(counter, key_);
}

std::uint32_t RandomStream::next() {
  if (used_ == 4) {
    words_ = philox4x32(counter_, key_);
    ++counter_[2];
    used_ = 0;
  }
  return words_[used_++];
}

double RandomStream::uniform() { return next() * 0x1p-32; }

double RandomStream::uniform(double low, double high) { return low + (high - low) * uniform(); }

double RandomStream::normal() { return normal_quantiles()[next() >> 16]; }

std::uint32_t RandomStream::below(std::uint32_t n) {
  // Lemire's multiplication method: reject the low products that would favour small results.
  std::uint64_t product = std::uint64_t{next()} * n;
  const std::uint32_t threshold = (0u - n) % n;
  while (static_cast<std::uint32_t>(product) < threshold) product = std::uint64_t{next()} * n;
  return static_cast<std::uint32_t>(product >> 32);
}

std::span<const float, 65536> normal_quantiles() {
  static const std::array<float, 65536> table = make_quantiles();
  return table;
}

std::vector<std::uint32_t> permutation(std::uint32_t n, RandomStream stream) {
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  for (std::uint32_t i = n; i > 1; --i) std::swap(order[i - 1], order[stream.below(i)]);
  return order;
}

}  // namespace titrate
