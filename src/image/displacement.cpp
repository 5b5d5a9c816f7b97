#include "displacement.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "smooth.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace titrate::image {
namespace {

constexpr int kBits = 15;  // a kernel sums to 2^15

// Two neighbouring weights of a kernel, as one instruction takes them.
struct Pair {
  std::int16_t first, second;
};

// Kernels by pairs of weights, from the leftmost on. `first` ends in a weight of 0; `second` is the same one
// place later, so both cover the same values: for a pixel, and for the next.
struct Kernel {
  std::vector<Pair> first{}, second{};
  std::size_t reach = 0;
};

// Weights that reach past every picture of this size are left out.
Kernel integer_kernel(double sigma, std::size_t size) {
  const std::vector<double> half = gaussian_kernel(sigma);
  std::vector<std::int16_t> whole;
  whole.reserve(half.size());
  // Running sums are rounded, from the outside in, so that errors do not add up; the middle takes the rest.
  double sum = 0;
  std::int32_t given = 0;
  for (std::size_t k = half.size() - 1; k > 0; --k) {
    sum += half[k] * (1 << kBits);
    const auto up_to_here = static_cast<std::int32_t>(sum + 0.5);
    whole.push_back(static_cast<std::int16_t>(up_to_here - given));
    given = up_to_here;
  }
  whole.push_back(static_cast<std::int16_t>((1 << kBits) - 2 * given));
  std::reverse(whole.begin(), whole.end());
  whole.resize(std::min(whole.size(), size));
  Kernel kernel{.reach = whole.size() - 1};
  const auto reach = static_cast<std::ptrdiff_t>(kernel.reach);
  const auto at = [&](std::ptrdiff_t k) {
    return std::abs(k) > reach ? std::int16_t{0} : whole[static_cast<std::size_t>(std::abs(k))];
  };
  kernel.first.reserve(whole.size());
  kernel.second.reserve(whole.size());
  for (std::ptrdiff_t k = -reach; k <= reach; k += 2) {
    kernel.first.push_back({at(k), at(k + 1)});
    kernel.second.push_back({at(k - 1), at(k)});
  }
  return kernel;
}

// Rows of noise, with zeros on both sides; then the same smoothed once, with zero rows above and below.
struct Rows {
  std::size_t height = 0, stride = 0, line = 0;
  std::int16_t *noise = nullptr, *once = nullptr;
};

// Across, back to 16 bits, rounded.
void smooth_across(const Rows& rows, const Kernel& kernel) {
  for (std::size_t r = 0; r < rows.height; ++r) {
    const std::int16_t* line = rows.noise + r * rows.line;
    std::int16_t* out = rows.once + (r + kernel.reach) * rows.stride;
    for (std::size_t x = 0; x < rows.stride; ++x) {
      std::int32_t sum = 1 << (kBits - 1);
      for (std::size_t j = 0; j < kernel.first.size(); ++j)
        sum += line[x + 2 * j] * kernel.first[j].first + line[x + 2 * j + 1] * kernel.first[j].second;
      out[x] = static_cast<std::int16_t>(sum >> kBits);
    }
  }
}

void smooth_down(const Rows& rows, const Kernel& kernel, float scale, float* out) {
  for (std::size_t r = 0; r < rows.height; ++r) {
    for (std::size_t x = 0; x < rows.stride; ++x) {
      std::int32_t sum = 0;
      const std::int16_t* from = rows.once + r * rows.stride + x;
      for (const Pair& pair : kernel.first) {
        sum += from[0] * pair.first + from[rows.stride] * pair.second;
        from += 2 * rows.stride;
      }
      out[r * rows.stride + x] = static_cast<float>(sum) * scale;
    }
  }
}

#if defined(__x86_64__)

#define TITRATE_AVX2 __attribute__((target("avx2")))

TITRATE_AVX2 inline __m256i load(const std::int16_t* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

TITRATE_AVX2 inline __m256i weights_of(const Pair& pair) {
  std::int32_t both;
  std::memcpy(&both, &pair, sizeof both);
  return _mm256_set1_epi32(both);
}

TITRATE_AVX2 inline __m256i add_products(__m256i sum, __m256i values, __m256i weights) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(values, weights));
}

// A load gives the sums of every other pixel; another, one pixel on, those between.
TITRATE_AVX2 void smooth_across_avx2(const Rows& rows, const Kernel& kernel) {
  const __m256i half = _mm256_set1_epi32(1 << (kBits - 1)), low = _mm256_set1_epi32(0xFFFF);
  for (std::size_t r = 0; r < rows.height; ++r) {
    std::int16_t* out = rows.once + (r + kernel.reach) * rows.stride;
    for (std::size_t x = 0; x < rows.stride; x += 32) {
      __m256i even[2]{half, half}, odd[2]{half, half};
      const std::int16_t* from = rows.noise + r * rows.line + x;
      for (const Pair& pair : kernel.first) {
        const __m256i weights = weights_of(pair);
        for (int i = 0; i < 2; ++i) {
          even[i] = add_products(even[i], load(from + 16 * i), weights);
          odd[i] = add_products(odd[i], load(from + 16 * i + 1), weights);
        }
        from += 2;
      }
      for (int i = 0; i < 2; ++i) {
        const __m256i lower = _mm256_and_si256(_mm256_srai_epi32(even[i], kBits), low);
        const __m256i upper = _mm256_slli_epi32(_mm256_srai_epi32(odd[i], kBits), 16);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + x + 16 * i), _mm256_or_si256(lower, upper));
      }
    }
  }
}

TITRATE_AVX2 inline void store_scaled(__m256i low, __m256i high, float scale, float* out) {
  const __m256 factor = _mm256_set1_ps(scale);
  // Unpacking went half by half of a register.
  const __m256i left = _mm256_permute2x128_si256(low, high, 0x20);
  const __m256i right = _mm256_permute2x128_si256(low, high, 0x31);
  _mm256_storeu_ps(out, _mm256_mul_ps(_mm256_cvtepi32_ps(left), factor));
  _mm256_storeu_ps(out + 8, _mm256_mul_ps(_mm256_cvtepi32_ps(right), factor));
}

// Two rows at once: they share the values that are joined to pairs.
TITRATE_AVX2 void smooth_down_avx2(const Rows& rows, const Kernel& kernel, float scale, float* out) {
  const std::size_t stride = rows.stride, pairs = kernel.first.size();
  for (std::size_t r = 0; r < rows.height; r += 2) {
    for (std::size_t x = 0; x < stride; x += 16) {
      __m256i a_low = _mm256_setzero_si256(), a_high = a_low, b_low = a_low, b_high = a_low;
      const std::int16_t* from = rows.once + r * stride + x;
      for (std::size_t j = 0; j < pairs; ++j, from += 2 * stride) {
        const __m256i upper = load(from), lower = load(from + stride);
        const __m256i low = _mm256_unpacklo_epi16(upper, lower), high = _mm256_unpackhi_epi16(upper, lower);
        const __m256i first = weights_of(kernel.first[j]), second = weights_of(kernel.second[j]);
        a_low = add_products(a_low, low, first);
        a_high = add_products(a_high, high, first);
        b_low = add_products(b_low, low, second);
        b_high = add_products(b_high, high, second);
      }
      store_scaled(a_low, a_high, scale, out + r * stride + x);
      if (r + 1 < rows.height) store_scaled(b_low, b_high, scale, out + (r + 1) * stride + x);
    }
  }
}

#else

constexpr auto smooth_across_avx2 = smooth_across;
constexpr auto smooth_down_avx2 = smooth_down;

#endif

// 16 random bits a pixel become -32768 .. 32767; what is beside the rows stays.
void lay_out_noise(const std::uint32_t* words, const Shape& shape, std::size_t reach, const Rows& rows) {
  for (std::size_t r = 0; r < shape.height; ++r) {
    std::int16_t* line = rows.noise + r * rows.line;
    const char* from = reinterpret_cast<const char*>(words) + 2 * r * shape.width;
    for (std::size_t x = 0; x < shape.width; ++x) {
      std::int16_t bits;
      std::memcpy(&bits, from + 2 * x, sizeof bits);
      line[reach + x] = static_cast<std::int16_t>(bits ^ -32768);
    }
  }
}

}  // namespace

void fill_displacement(const Shape& shape, double alpha, double sigma, const RandomWords& random,
                       float* planes, AugmentScratch& scratch) {
  const Kernel kernel = integer_kernel(sigma, std::max(shape.height, shape.width));
  const std::size_t reach = kernel.reach, blocks = (shape.pixels() + 7) / 8;
  scratch.words.resize(room_for_blocks(blocks));

  // Rounded up to what is read and written at once; rows are taken by twos.
  Rows rows{.height = shape.height, .stride = row_stride(shape.width)};
  rows.line = (rows.stride + 31) / 32 * 32 + 2 * reach + 2;
  const std::size_t below = (reach + 2) * rows.stride + 16;
  scratch.halves.resize(rows.height * rows.line + (reach + rows.height) * rows.stride + below);
  rows.noise = scratch.halves.data();
  rows.once = rows.noise + rows.height * rows.line;

  std::fill_n(rows.noise, rows.height * rows.line, std::int16_t{0});
  const bool fast = random.instructions == Instructions::avx2;
  const auto scale = static_cast<float>(alpha / (1 << (2 * kBits)));
  for (std::uint32_t axis = 0; axis < 2; ++axis) {
    random.fill(axis * static_cast<std::uint32_t>(blocks), blocks, scratch.words.data());
    lay_out_noise(scratch.words.data(), shape, reach, rows);
    (fast ? smooth_across_avx2 : smooth_across)(rows, kernel);
    std::fill_n(rows.once, reach * rows.stride, std::int16_t{0});
    std::fill_n(rows.once + (reach + rows.height) * rows.stride, below, std::int16_t{0});
    (fast ? smooth_down_avx2 : smooth_down)(rows, kernel, scale, planes + axis * rows.height * rows.stride);
  }
}

}  // namespace titrate::image
