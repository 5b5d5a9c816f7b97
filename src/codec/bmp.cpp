#include <algorithm>
#include <array>
#include <cstring>

#include "parts.hpp"

namespace titrate::codec {
namespace {

constexpr std::size_t kFileHeader = 14;
constexpr std::size_t kOldHeader = 12;  // OS/2: 16-bit sides, palette entries of 3 bytes
constexpr std::size_t kCommonHeader = 40;
constexpr std::size_t kAlphaMaskHeader = 56;
constexpr std::uint32_t kRaw = 0, kRle8 = 1, kRle4 = 2, kMasks = 3;

using Colour = std::array<std::uint8_t, 3>;
using Masks = std::array<std::uint32_t, 4>;  // red, green, blue, alpha

constexpr Masks k555{0x7c00, 0x3e0, 0x1f, 0}, k565{0xf800, 0x7e0, 0x1f, 0};
constexpr Masks k888{0xff0000, 0xff00, 0xff, 0};

struct Layout {
  image::Shape shape;
  bool top_down = false;
  std::uint32_t bits = 0;  // per pixel
  std::size_t first = 0;   // where the pixels begin in the file
  std::size_t stride = 0;  // from row to row in the file
  std::vector<Colour> palette{};
  Masks masks{};

  bool alpha() const { return masks[3] != 0; }
};

// Of what is there already: the caller looks at the size first.
std::uint32_t number(std::span<const std::byte> bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value |= std::to_integer<std::uint32_t>(bytes[at + i]) << (8 * i);
  return value;
}

// The colour masks of 16, 24 and 32 bits, and where the headers end; nothing when the bytes end before.
std::optional<std::size_t> read_masks(const Encoded& encoded, std::uint32_t compression, std::size_t header,
                                      Layout& layout) {
  const std::size_t end = kFileHeader + header;
  layout.masks = layout.bits == 16 ? k555 : k888;
  if (compression != kMasks) return end;
  // They are part of long headers, and follow short ones.
  const std::size_t masks_at = kFileHeader + kCommonHeader;
  const std::size_t count = header >= kAlphaMaskHeader ? 4 : 3;
  const std::size_t masks_end = std::max(end, masks_at + 4 * count);
  if (encoded.bytes.size() < masks_end) return std::nullopt;
  layout.masks = {};
  for (std::size_t i = 0; i < count; ++i) layout.masks[i] = number(encoded.bytes, masks_at + 4 * i, 4);

  const auto whole_byte = [&](std::uint32_t mask) {
    return mask == 0xff || mask == 0xff00 || mask == 0xff0000 || mask == 0xff000000;
  };
  const bool colours = std::all_of(layout.masks.begin(), layout.masks.begin() + 3, whole_byte);
  const bool alpha = layout.masks[3] == 0 || whole_byte(layout.masks[3]);
  if (layout.bits == 16) layout.masks[3] = 0;
  const bool known = layout.bits == 16   ? layout.masks == k555 || layout.masks == k565
                     : layout.bits == 24 ? layout.masks == k888
                                         : colours && alpha;
  std::uint32_t seen = 0;
  bool apart = true;
  for (const std::uint32_t mask : layout.masks) {
    apart = apart && (seen & mask) == 0;
    seen |= mask;
  }
  if (!apart) refuse_damaged(encoded, Format::bmp, "bit masks that share bits");
  if (!known) refuse_form(encoded, Format::bmp, "8 bits a colour, 5-5-5 or 5-6-5", "other bit masks");
  return masks_end;
}

bool read_palette(const Encoded& encoded, std::size_t at, std::size_t entry, std::size_t colours,
                  Layout& layout) {
  if (encoded.bytes.size() < at + colours * entry) return false;
  const std::size_t used = std::min<std::size_t>(colours, std::size_t{1} << layout.bits);
  layout.palette.resize(used);
  bool ramp = layout.bits != 4;  // greys in order are how BMP holds a picture without colour
  for (std::size_t i = 0; i < used; ++i) {
    const auto blue_first = [&](std::size_t c) {
      return static_cast<std::uint8_t>(number(encoded.bytes, at + i * entry + c, 1));
    };
    layout.palette[i] = {blue_first(2), blue_first(1), blue_first(0)};
    const std::size_t level = layout.bits == 1 ? i * 255 : i;
    ramp = ramp && is_grey(layout.palette[i]) && layout.palette[i][0] == level;
  }
  layout.shape.channels = ramp && used == std::size_t{1} << layout.bits ? 1 : 3;
  return true;
}

void check_form(const Encoded& encoded, std::uint32_t bits, std::uint32_t compression) {
  if (compression == kRle8 || compression == kRle4) {
    refuse_form(encoded, Format::bmp, "no compression", "run-length compression");
  }
  const bool raw = compression == kRaw && (bits == 1 || bits == 4 || bits == 8);
  const bool direct =
      (compression == kRaw || compression == kMasks) && (bits == 16 || bits == 24 || bits == 32);
  if (raw || direct) return;
  refuse_form(encoded, Format::bmp, "1, 4, 8, 16, 24 or 32 bits a pixel",
              std::to_string(bits) + " bits, compression " + std::to_string(compression));
}

std::optional<Layout> read_layout(const Encoded& encoded) {
  const auto bytes = encoded.bytes;
  if (bytes.size() < kFileHeader + 4) return std::nullopt;
  const std::size_t header = number(bytes, kFileHeader, 4);
  const bool old = header == kOldHeader;
  const std::array<std::size_t, 6> known{kCommonHeader, 52, kAlphaMaskHeader, 64, 108, 124};
  if (!old && std::find(known.begin(), known.end(), header) == known.end()) {
    refuse_form(encoded, Format::bmp, "a header of 12, 40, 52, 56, 64, 108 or 124 bytes",
                std::to_string(header));
  }
  if (bytes.size() < kFileHeader + header) return std::nullopt;

  Layout layout;
  const std::size_t side = old ? 2 : 4;
  const std::uint32_t width = number(bytes, 18, side);
  std::uint32_t height = number(bytes, 18 + side, side);
  layout.top_down = !old && height > 0x7fffffff;
  if (layout.top_down) height = 0 - height;
  check_size(encoded, Format::bmp, height, width);
  layout.shape = {.height = height, .width = width, .channels = 3};
  layout.bits = number(bytes, 18 + 2 * side + 2, 2);
  const std::uint32_t compression = old ? kRaw : number(bytes, 30, 4);
  check_form(encoded, layout.bits, compression);
  layout.stride = (std::size_t{width} * layout.bits + 31) / 32 * 4;

  std::size_t end = kFileHeader + header;
  if (layout.bits <= 8) {
    const std::size_t entry = old ? 3 : 4;
    const std::uint32_t named = old ? 0 : number(bytes, 46, 4);
    const std::size_t colours = named != 0 ? named : std::size_t{1} << layout.bits;
    if (colours > 256) refuse_damaged(encoded, Format::bmp, "a palette of more than 256 colours");
    if (!read_palette(encoded, end, entry, colours, layout)) return std::nullopt;
    end += colours * entry;
  } else {
    const auto masks_end = read_masks(encoded, compression, header, layout);
    if (!masks_end) return std::nullopt;
    end = *masks_end;
  }
  const std::size_t named_first = number(bytes, 10, 4);
  layout.first = named_first != 0 ? named_first : end;
  if (layout.first < end) refuse_damaged(encoded, Format::bmp, "its pixels begin inside its headers");
  return layout;
}

// Palette indices to colours, or to greys. False when the palette lacks one.
bool read_indices(const Layout& layout, const std::uint8_t* row, std::uint8_t* out) {
  const std::uint32_t per_byte = 8 / layout.bits;
  const std::uint32_t mask = (1U << layout.bits) - 1;
  for (std::uint32_t x = 0; x < layout.shape.width; ++x) {
    const std::uint32_t shift = (per_byte - 1 - x % per_byte) * layout.bits;
    const std::uint32_t index = (row[x / per_byte] >> shift) & mask;
    if (index >= layout.palette.size()) return false;
    for (std::uint32_t c = 0; c < layout.shape.channels; ++c) *out++ = layout.palette[index][c];
  }
  return true;
}

void read_packed(const Layout& layout, const std::uint8_t* row, std::uint8_t* out) {
  const bool six_of_green = layout.masks == k565;
  const unsigned green_most = six_of_green ? 63 : 31, red_shift = six_of_green ? 11 : 10;
  for (std::uint32_t x = 0; x < layout.shape.width; ++x, row += 2, out += 3) {
    const unsigned pixel = row[0] | unsigned{row[1]} << 8;
    out[0] = static_cast<std::uint8_t>(((pixel >> red_shift) & 31) * 255 / 31);
    out[1] = static_cast<std::uint8_t>(((pixel >> 5) & green_most) * 255 / green_most);
    out[2] = static_cast<std::uint8_t>((pixel & 31) * 255 / 31);
  }
}

// 24 and 32 bits: each channel is a byte of the pixel, told by its mask.
void read_bytes(const Layout& layout, const std::uint8_t* row, std::uint8_t* out) {
  const std::uint32_t step = layout.bits / 8;
  const std::uint32_t channels = layout.alpha() ? 4 : 3;
  std::array<std::uint32_t, 4> place{};
  for (std::uint32_t c = 0; c < channels; ++c) {
    for (std::uint32_t mask = layout.masks[c]; mask > 0xff; mask >>= 8) ++place[c];
  }
  for (std::uint32_t x = 0; x < layout.shape.width; ++x, row += step) {
    for (std::uint32_t c = 0; c < channels; ++c) *out++ = row[place[c]];
  }
}

}  // namespace

std::optional<image::Shape> probe_bmp(const Encoded& encoded) {
  const auto layout = read_layout(encoded);
  if (!layout) return std::nullopt;
  return layout->shape;
}

image::Image decode_bmp(const Encoded& encoded) {
  const auto layout = read_layout(encoded);
  if (!layout) refuse_cut_off(encoded, Format::bmp);
  const image::Shape& shape = layout->shape;
  if (encoded.bytes.size() < layout->first + layout->stride * shape.height)
    refuse_cut_off(encoded, Format::bmp);

  image::Image image(shape);
  const auto* rows = reinterpret_cast<const std::uint8_t*>(encoded.bytes.data()) + layout->first;
  const std::size_t out_stride = std::size_t{shape.width} * shape.channels;
  std::vector<std::uint8_t> with_alpha(layout->alpha() ? std::size_t{shape.width} * 4 : 0);
  for (std::size_t y = 0; y < shape.height; ++y) {
    const std::uint8_t* row = rows + (layout->top_down ? y : shape.height - 1 - y) * layout->stride;
    const auto out = std::span(image.pixels).subspan(y * out_stride, out_stride);
    if (layout->bits == 8 && shape.channels == 1) {
      std::memcpy(out.data(), row, out_stride);
    } else if (layout->bits <= 8) {
      if (!read_indices(*layout, row, out.data())) {
        refuse_damaged(encoded, Format::bmp, "a colour that its palette lacks");
      }
    } else if (layout->bits == 16) {
      read_packed(*layout, row, out.data());
    } else if (layout->alpha()) {
      read_bytes(*layout, row, with_alpha.data());
      lay_on(encoded.settings.background, with_alpha.data(), 4, 3, out);
    } else {
      read_bytes(*layout, row, out.data());
    }
  }
  return image;
}

}  // namespace titrate::codec
