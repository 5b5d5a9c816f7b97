#include "smooth.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "lanes.hpp"
#include "series.hpp"
#include "titrate/core/simd_dispatch.hpp"

namespace titrate::image {
namespace {

constexpr std::size_t kStep = 16;  // rows are a multiple of so many floats

// The sums of kRows rows by kWide registers are all under way at once: an addition alone waits for the one
// before it. at(row, k) is where the k-th neighbour of a row lies, on the side of k's sign.
template <int kRows, int kWide, class At>
inline __attribute__((always_inline)) void weigh(const At& at, const float* kernel, std::ptrdiff_t reach,
                                                 float* out, std::size_t stride) {
  Eight sums[kRows][kWide];
  for (int row = 0; row < kRows; ++row)
    for (int i = 0; i < kWide; ++i)
      sums[row][i] = *reinterpret_cast<const Eight*>(at(row, 0) + 8 * i) * kernel[0];
  for (std::ptrdiff_t k = 1; k <= reach; ++k) {
    for (int row = 0; row < kRows; ++row) {
      const float *before = at(row, -k), *after = at(row, k);
      for (int i = 0; i < kWide; ++i)
        sums[row][i] += (*reinterpret_cast<const Eight*>(before + 8 * i) +
                         *reinterpret_cast<const Eight*>(after + 8 * i)) *
                        kernel[k];
    }
  }
  for (int row = 0; row < kRows; ++row)
    for (int i = 0; i < kWide; ++i)
      *reinterpret_cast<Eight*>(out + static_cast<std::size_t>(row) * stride + 8 * i) = sums[row][i];
}

// Where neighbours lie above and below: rows[i] is row i - reach.
struct Columns {
  const float* const* rows;
  std::ptrdiff_t reach;
  const float* at(std::size_t row, std::ptrdiff_t k) const {
    return rows[static_cast<std::ptrdiff_t>(row) + reach + k];
  }
};

// Where they lie to the left and right, in rows that are longer by `reach` at both ends.
struct Lines {
  const float* first;
  std::size_t size;
  std::ptrdiff_t reach;
  const float* at(std::size_t row, std::ptrdiff_t k) const { return first + row * size + reach + k; }
};

template <class Neighbours>
inline __attribute__((always_inline)) void smooth_along(const Neighbours& from, std::size_t height,
                                                        std::size_t stride, const float* kernel, float* out) {
  std::size_t r = 0, c = 0;
  const auto at = [&](int row, std::ptrdiff_t k) __attribute__((always_inline)) {
    return from.at(r + static_cast<std::size_t>(row), k) + c;
  };
  for (; r < height; r += r + 1 < height ? 2 : 1) {
    for (c = 0; c < stride;) {
      const bool two = r + 1 < height, wide = c + 32 <= stride;
      float* to = out + r * stride + c;
      if (two && wide) {
        weigh<2, 4>(at, kernel, from.reach, to, stride);
      } else if (wide) {
        weigh<1, 4>(at, kernel, from.reach, to, stride);
      } else if (two) {
        weigh<2, 2>(at, kernel, from.reach, to, stride);
      } else {
        weigh<1, 2>(at, kernel, from.reach, to, stride);
      }
      c += wide ? 32 : kStep;
    }
  }
}

TITRATE_CLONES void smooth_columns(const Columns& from, std::size_t height, std::size_t stride,
                                   const float* kernel, float* out) {
  smooth_along(from, height, stride, kernel, out);
}

TITRATE_CLONES void smooth_rows(const Lines& from, std::size_t height, std::size_t stride,
                                const float* kernel, float* out) {
  smooth_along(from, height, stride, kernel, out);
}

// Rows with what lies to their left and right.
void extend_rows(const float* plane, std::size_t height, std::size_t width, std::size_t reach, float* lines,
                 std::size_t line_size) {
  const std::size_t stride = row_stride(width);
  for (std::size_t r = 0; r < height; ++r, lines += line_size) {
    const float* row = plane + r * stride;
    std::fill_n(lines, reach, row[0]);
    std::memcpy(lines + reach, row, width * sizeof(float));
    std::fill(lines + reach + width, lines + line_size, row[width - 1]);
  }
}

}  // namespace

std::vector<double> gaussian_kernel(double sigma) {
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
  for (double& value : values) value /= sum;
  return values;
}

std::size_t row_stride(std::size_t width) { return (width + kStep - 1) / kStep * kStep; }

void smooth(float* plane, std::size_t height, std::size_t width, const std::vector<double>& weights,
            std::vector<float>& scratch) {
  const std::vector<float> kernel(weights.begin(), weights.end());
  const std::size_t stride = row_stride(width), reach = kernel.size() - 1;
  // The rows with their borders, and the plane between the two passes.
  const std::size_t line_size = stride + 2 * reach;
  scratch.resize(line_size * height + stride * height);
  float *lines = scratch.data(), *between = lines + line_size * height;
  extend_rows(plane, height, width, reach, lines, line_size);
  smooth_rows({lines, line_size, static_cast<std::ptrdiff_t>(reach)}, height, stride, kernel.data(), between);
  std::vector<const float*> rows(height + 2 * reach);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto r = static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(reach);
    const auto last = static_cast<std::ptrdiff_t>(height) - 1;
    rows[i] = between + static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(r, 0, last)) * stride;
  }
  smooth_columns({rows.data(), static_cast<std::ptrdiff_t>(reach)}, height, stride, kernel.data(), plane);
}

}  // namespace titrate::image
