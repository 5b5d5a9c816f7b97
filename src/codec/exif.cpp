#include "exif.hpp"

#include <cstdint>
#include <string_view>

namespace titrate::codec {
namespace {

constexpr std::string_view kExif{"Exif\0\0", 6};
constexpr unsigned kOrientationTag = 0x0112;
constexpr unsigned kShort = 3, kLong = 4;  // TIFF's types of values
constexpr std::size_t kEntryBytes = 12;

// Numbers of a TIFF header, either end first. What lies outside of it reads as 0.
struct Tiff {
  std::span<const std::byte> bytes;
  bool big_end_first = false;

  unsigned number(std::size_t at, std::size_t size) const {
    if (at > bytes.size() || size > bytes.size() - at) return 0;
    unsigned value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t place = big_end_first ? size - 1 - i : i;
      value |= std::to_integer<unsigned>(bytes[at + i]) << (8 * place);
    }
    return value;
  }
};

int orientation_in(const Tiff& tiff) {
  const std::size_t table = tiff.number(4, 4);
  const std::size_t entries = tiff.number(table, 2);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = table + 2 + i * kEntryBytes;
    if (tiff.number(entry, 2) != kOrientationTag) continue;
    const unsigned type = tiff.number(entry + 2, 2);
    const unsigned value = type == kShort  ? tiff.number(entry + 8, 2)
                           : type == kLong ? tiff.number(entry + 8, 4)
                                           : 0;
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

// Source pixel (sy, sx) of the picture that is shown at (y, x): sides swapped first, then each direction
// reversed.
struct Turn {
  bool swap, reverse_y, reverse_x;
};

Turn turn_of(int orientation) {
  switch (orientation) {
    case 2:
      return {.swap = false, .reverse_y = false, .reverse_x = true};
    case 3:
      return {.swap = false, .reverse_y = true, .reverse_x = true};
    case 4:
      return {.swap = false, .reverse_y = true, .reverse_x = false};
    case 5:
      return {.swap = true, .reverse_y = false, .reverse_x = false};
    case 6:
      return {.swap = true, .reverse_y = true, .reverse_x = false};
    case 7:
      return {.swap = true, .reverse_y = true, .reverse_x = true};
    case 8:
      return {.swap = true, .reverse_y = false, .reverse_x = true};
    default:
      return {.swap = false, .reverse_y = false, .reverse_x = false};
  }
}

}  // namespace

std::optional<int> exif_orientation(std::span<const std::byte> marker) {
  const std::string_view text(reinterpret_cast<const char*>(marker.data()), marker.size());
  if (!text.starts_with(kExif)) return std::nullopt;
  const std::string_view header = text.substr(kExif.size());
  const bool little = header.starts_with(std::string_view("II*\0", 4));
  if (!little && !header.starts_with(std::string_view("MM\0*", 4))) return 1;
  return orientation_in({.bytes = marker.subspan(kExif.size()), .big_end_first = !little});
}

image::Shape turned_shape(const image::Shape& stored, int orientation) {
  if (!turn_of(orientation).swap) return stored;
  return {.height = stored.width, .width = stored.height, .channels = stored.channels};
}

image::Image turned(image::Image stored, int orientation) {
  if (orientation == 1) return stored;
  const Turn turn = turn_of(orientation);
  image::Image out(turned_shape(stored.shape, orientation));
  const std::size_t channels = stored.shape.channels;
  std::uint8_t* to = out.pixels.data();
  for (std::size_t y = 0; y < out.shape.height; ++y) {
    for (std::size_t x = 0; x < out.shape.width; ++x, to += channels) {
      std::size_t sy = turn.swap ? x : y;
      std::size_t sx = turn.swap ? y : x;
      if (turn.reverse_y) sy = stored.shape.height - 1 - sy;
      if (turn.reverse_x) sx = stored.shape.width - 1 - sx;
      const std::uint8_t* from = stored.pixels.data() + (sy * stored.shape.width + sx) * channels;
      for (std::size_t c = 0; c < channels; ++c) to[c] = from[c];
    }
  }
  return out;
}

}  // namespace titrate::codec
