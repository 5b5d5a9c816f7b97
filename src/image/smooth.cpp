#include "smooth.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "clones.hpp"
#include "series.hpp"

namespace titrate::image {
namespace {

constexpr std::size_t kStep = 16;  // rows are a multiple of so many floats

// Eight floats: one register where there are such, else two.
typedef float Eight __attribute__((vector_size(32), aligned(4), may_alias));

// Weighted sums of N registers of neighbours, all under way at once: an addition alone waits for the one
// before it. `before` and `after` give the k-th neighbours on both sides.
template <int N, class Before, class After>
inline __attribute__((always_inline)) void weigh(const float* middle, const Before& before,
                                                 const After& after, const float* kernel, std::size_t reach,
                                                 float* out) {
  Eight sums[N];
  for (int i = 0; i < N; ++i) sums[i] = *reinterpret_cast<const Eight*>(middle + 8 * i) * kernel[0];
  for (std::size_t k = 1; k <= reach; ++k) {
    const float *left = before(k), *right = after(k);
    for (int i = 0; i < N; ++i)
      sums[i] +=
          (*reinterpret_cast<const Eight*>(left + 8 * i) + *reinterpret_cast<const Eight*>(right + 8 * i)) *
          kernel[k];
  }
  for (int i = 0; i < N; ++i) *reinterpret_cast<Eight*>(out + 8 * i) = sums[i];
}

// Down the columns: rows[i] is row i - reach.
TITRATE_CLONES void smooth_columns(const float* const* rows, std::size_t height, std::size_t stride,
                                   const float* kernel, std::size_t reach, float* out) {
  for (std::size_t r = 0; r < height; ++r, out += stride) {
    const float* const* middle = rows + reach + r;
    std::size_t c = 0;
    const auto up = [&](std::size_t k) __attribute__((always_inline)) { return *(middle - k) + c; };
    const auto down = [&](std::size_t k) __attribute__((always_inline)) { return middle[k] + c; };
    for (; c + 32 <= stride; c += 32) weigh<4>(middle[0] + c, up, down, kernel, reach, out + c);
    for (; c < stride; c += kStep) weigh<2>(middle[0] + c, up, down, kernel, reach, out + c);
  }
}

// Along one row; line[reach] is its first pixel.
TITRATE_CLONES void smooth_row(const float* line, std::size_t stride, const float* kernel, std::size_t reach,
                               float* out) {
  const float* middle = line + reach;
  std::size_t c = 0;
  const auto left = [&](std::size_t k) __attribute__((always_inline)) { return middle + c - k; };
  const auto right = [&](std::size_t k) __attribute__((always_inline)) { return middle + c + k; };
  for (; c + 32 <= stride; c += 32) weigh<4>(middle + c, left, right, kernel, reach, out + c);
  for (; c < stride; c += kStep) weigh<2>(middle + c, left, right, kernel, reach, out + c);
}

}  // namespace

std::vector<float> gaussian_kernel(double sigma) {
  const auto reach = static_cast<std::size_t>(std::ceil(3 * sigma));
  // e^(-k^2 / 2 s^2) = q^(k^2), and k^2 is the sum of the first k odd numbers: one exponential for all.
  const double q = exponential(-1 / (2 * sigma * sigma));
  std::vector<double> values(reach + 1, 1.0);
  double odd = q, sum = 1;
  for (std::size_t k = 1; k <= reach; ++k) {
    values[k] = values[k - 1] * odd;
    odd *= q * q;
    sum += 2 * values[k];
  }
  std::vector<float> kernel;
  for (const double value : values) kernel.push_back(static_cast<float>(value / sum));
  return kernel;
}

std::size_t row_stride(std::size_t width) { return (width + kStep - 1) / kStep * kStep; }

void smooth(float* plane, std::size_t height, std::size_t width, const std::vector<float>& kernel,
            Border border, std::vector<float>& scratch) {
  const std::size_t stride = row_stride(width), reach = kernel.size() - 1;
  // A row of zeros, a line with its borders, and the plane between the two passes.
  const std::size_t line_size = stride + 2 * reach;
  scratch.resize(stride + line_size + stride * height);
  float *zeros = scratch.data(), *line = zeros + stride, *between = line + line_size;
  std::fill(zeros, line + line_size, 0.0f);
  for (std::size_t r = 0; r < height; ++r) {
    float* row = plane + r * stride;
    std::memcpy(line + reach, row, width * sizeof(float));
    if (border == Border::edge) {
      std::fill(line, line + reach, row[0]);
      std::fill(line + reach + width, line + line_size, row[width - 1]);
    }
    smooth_row(line, stride, kernel.data(), reach, between + r * stride);
  }
  std::vector<const float*> rows(height + 2 * reach);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto r = static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(reach);
    const auto last = static_cast<std::ptrdiff_t>(height) - 1;
    const bool inside = r >= 0 && r <= last;
    rows[i] = inside || border == Border::edge
                  ? between + static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(r, 0, last)) * stride
                  : zeros;
  }
  smooth_columns(rows.data(), height, stride, kernel.data(), reach, plane);
}

}  // namespace titrate::image
