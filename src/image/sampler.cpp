#include "sampler.hpp"

#include <algorithm>
#include <cstring>

#include "planes.hpp"
#include "titrate/core/simd_dispatch.hpp"

namespace titrate::image {
namespace {

constexpr std::int32_t kOne = 1 << 14;  // a weight of 1

// Where the four neighbours of each pixel lie, and the weights of the right and the lower ones.
struct Places {
  std::int32_t index[kRoom], right[kRoom], below[kRoom];
};

// A coordinate outside is moved to where all neighbours are border. Comparisons are written so that what is
// not a number goes there too.
TITRATE_CLONES void locate(const Coordinates& at, std::size_t count, const Shape& shape, std::int32_t stride,
                           Places& places) {
  const auto width = static_cast<float>(shape.width), height = static_cast<float>(shape.height);
  for (std::size_t i = 0; i < count; ++i) {
    float x = at.x[i] > -1.0f ? at.x[i] : -1.0f;
    float y = at.y[i] > -1.0f ? at.y[i] : -1.0f;
    x = (x < width ? x : width) + 1.0f;
    y = (y < height ? y : height) + 1.0f;
    const auto left = static_cast<std::int32_t>(x), top = static_cast<std::int32_t>(y);
    places.index[i] = top * stride + left;
    places.right[i] = static_cast<std::int32_t>((x - static_cast<float>(left)) * kOne + 0.5f);
    places.below[i] = static_cast<std::int32_t>((y - static_cast<float>(top)) * kOne + 0.5f);
  }
}

// The four neighbours in one word: upper left, upper right, lower left, lower right from the lowest byte.
void fetch(const std::uint8_t* plane, const Places& places, std::size_t count, std::size_t stride,
           std::uint32_t* neighbours) {
  const std::uint8_t* lower_plane = plane + stride;
  for (std::size_t i = 0; i < count; i += 4) {
    for (std::size_t k = i; k < i + 4; ++k) {
      const auto index = static_cast<std::uint32_t>(places.index[k]);
      std::uint16_t upper, lower;
      std::memcpy(&upper, plane + index, 2);
      std::memcpy(&lower, lower_plane + index, 2);
      neighbours[k] = upper | std::uint32_t{lower} << 16;
    }
  }
}

// Bilinear, in integers: 8 bits of fraction are kept between the two steps.
TITRATE_CLONES void blend(const std::uint32_t* neighbours, const Places& places, std::size_t count,
                          std::uint8_t* out) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto four = static_cast<std::int32_t>(neighbours[i]);
    const std::int32_t a = four & 255, b = (four >> 8) & 255, c = (four >> 16) & 255, d = (four >> 24) & 255;
    const std::int32_t upper = (a * kOne + (b - a) * places.right[i] + 32) >> 6;
    const std::int32_t lower = (c * kOne + (d - c) * places.right[i] + 32) >> 6;
    out[i] = static_cast<std::uint8_t>((upper * kOne + (lower - upper) * places.below[i] + (1 << 21)) >> 22);
  }
}

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "fetch() reads two bytes as one number");

}  // namespace

// Two rows and columns of border below and on the right: a coordinate of exactly `width` still reads a
// neighbour.
Sampler::Sampler(const View& view, AugmentScratch& scratch)
    : shape_(view.shape),
      stride_(shape_.width + std::size_t{3}),
      plane_(stride_ * (shape_.height + std::size_t{3})) {
  scratch.padded.assign(plane_ * shape_.channels, 0);
  scratch.bytes.resize(kRoom * shape_.channels);
  padded_ = scratch.padded.data();
  planes_ = scratch.bytes.data();
  for (std::size_t row = 0; row < shape_.height; ++row) {
    split_channels(view.pixels.data() + row * shape_.width * shape_.channels, shape_.width, shape_.channels,
                   scratch.padded.data() + (row + 1) * stride_ + 1, plane_);
  }
}

void Sampler::sample(Coordinates& at, std::size_t count, std::uint8_t* out) const {
  Places places;
  std::uint32_t neighbours[kRoom];
  // Whole groups are computed; what is beyond the end is any valid place.
  const std::size_t rounded = (count + 4 * kGroup - 1) / (4 * kGroup) * (4 * kGroup);
  std::fill(at.x + count, at.x + rounded, 0.0f);
  std::fill(at.y + count, at.y + rounded, 0.0f);
  locate(at, rounded, shape_, static_cast<std::int32_t>(stride_), places);
  const std::size_t channels = shape_.channels;
  for (std::size_t channel = 0; channel < channels; ++channel) {
    fetch(padded_ + channel * plane_, places, rounded, stride_, neighbours);
    blend(neighbours, places, rounded, planes_ + channel * kRoom);
  }
  join_channels(planes_, kRoom, count, channels, out);
}

}  // namespace titrate::image
