#include "titrate/image/warp.hpp"

#include <cmath>

namespace titrate::image {
namespace {

// sin(x) and cos(x) for |x| <= pi/4 by their series: the same bits whatever the math library.
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

struct Direction {
  double cosine, sine;
};

// Exact for multiples of 90 degrees.
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

}  // namespace

Affine then(const Affine& first, const Affine& second) {
  // The sample point goes back through the second move, then through the first.
  return {first.xx * second.xx + first.xy * second.yx,
          first.xx * second.xy + first.xy * second.yy,
          first.xx * second.x0 + first.xy * second.y0 + first.x0,
          first.yx * second.xx + first.yy * second.yx,
          first.yx * second.xy + first.yy * second.yy,
          first.yx * second.x0 + first.yy * second.y0 + first.y0};
}

Affine shift_by(double right, double down) { return {1, 0, -right, 0, 1, -down}; }

Affine rotate_by(double degrees) {
  const auto [c, s] = direction(degrees);
  return {c, -s, 0, s, c, 0};
}

Affine zoom_by(double factor) { return {1 / factor, 0, 0, 0, 1 / factor, 0}; }

Image warp(const View& view, const Affine& affine) {
  const auto height = static_cast<int>(view.shape.height), width = static_cast<int>(view.shape.width);
  const auto channels = static_cast<int>(view.shape.channels);
  const double centre_x = (width - 1) / 2.0, centre_y = (height - 1) / 2.0;
  const auto at = [&](int y, int x, int c) -> double {
    const bool inside = y >= 0 && y < height && x >= 0 && x < width;
    return inside ? view.pixels[static_cast<std::size_t>((y * width + x) * channels + c)] : 0;
  };
  Image result(view.shape);
  auto out = result.pixels.begin();
  for (int row = 0; row < height; ++row) {
    for (int column = 0; column < width; ++column) {
      const double x = affine.xx * (column - centre_x) + affine.xy * (row - centre_y) + affine.x0 + centre_x;
      const double y = affine.yx * (column - centre_x) + affine.yy * (row - centre_y) + affine.y0 + centre_y;
      // Far outside is black; it also keeps the conversion to int defined.
      const bool far = !(x > -2 && x < width + 1 && y > -2 && y < height + 1);
      const int left = far ? -2 : static_cast<int>(std::floor(x)),
                top = far ? -2 : static_cast<int>(std::floor(y));
      const double u = x - left, v = y - top;
      for (int c = 0; c < channels; ++c) {
        const double upper = at(top, left, c) * (1 - u) + at(top, left + 1, c) * u;
        const double lower = at(top + 1, left, c) * (1 - u) + at(top + 1, left + 1, c) * u;
        *out++ = far ? 0 : static_cast<std::uint8_t>(upper * (1 - v) + lower * v + 0.5);
      }
    }
  }
  return result;
}

}  // namespace titrate::image
