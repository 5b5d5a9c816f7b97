#include "transform_levels.hpp"

#include <algorithm>
#include <array>

namespace titrate::image::transforms {
namespace {

using Histogram = std::array<std::uint64_t, 256>;
using Levels = std::array<std::uint8_t, 256>;

Levels equalising_levels(const Histogram& histogram, std::uint64_t pixels) {
  Levels levels{};
  for (std::size_t i = 0; i < levels.size(); ++i) levels[i] = static_cast<std::uint8_t>(i);
  const auto last = std::find_if(histogram.rbegin(), histogram.rend(), [](std::uint64_t n) { return n > 0; });
  // No step: too few pixels, or one level alone. Pillow leaves such a channel as it is.
  const std::uint64_t step = (pixels - *last) / 255;
  if (step == 0) return levels;
  std::uint64_t sum = step / 2;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    levels[i] = static_cast<std::uint8_t>(std::min<std::uint64_t>(sum / step, 255));
    sum += histogram[i];
  }
  return levels;
}

}  // namespace

Image grey_from_rgb(const View& view) {
  Image result(Shape{view.shape.height, view.shape.width, 1});
  const std::uint8_t* rgb = view.pixels.data();
  for (std::uint8_t& grey : result.pixels) {
    grey = static_cast<std::uint8_t>((19595u * rgb[0] + 38470u * rgb[1] + 7471u * rgb[2] + 32768u) >> 16);
    rgb += 3;
  }
  return result;
}

Image rgb_from_grey(const View& view) {
  Image result(Shape{view.shape.height, view.shape.width, 3});
  std::uint8_t* rgb = result.pixels.data();
  for (const std::uint8_t grey : view.pixels) {
    rgb[0] = rgb[1] = rgb[2] = grey;
    rgb += 3;
  }
  return result;
}

void invert(std::span<std::uint8_t> pixels) {
  for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(255 - pixel);
}

void equalise(Image& image) {
  const std::size_t channels = image.shape.channels;
  for (std::size_t c = 0; c < channels; ++c) {
    Histogram histogram{};
    for (std::size_t i = c; i < image.pixels.size(); i += channels) ++histogram[image.pixels[i]];
    const Levels levels = equalising_levels(histogram, image.shape.pixels());
    for (std::size_t i = c; i < image.pixels.size(); i += channels) image.pixels[i] = levels[image.pixels[i]];
  }
}

}  // namespace titrate::image::transforms
