// Encoded pictures: which format bytes are in, what shape they decode to, and their pixels.
//
// What is decoded equals what Pillow gives for the same file: PNG, BMP and PNM exactly, JPEG within the
// codec's rounding. Palettes become colours, 1 to 16 bits become 8 (the high byte of 16), alpha is laid on a
// background, CMYK becomes RGB, and a JPEG is turned as its EXIF block says. Colour profiles and gammas are
// left alone. Greys have 1 channel, unless they are transparent over a background that is a colour; all else
// has 3.
//
// Not as Pillow: any damage is refused, also what Pillow passes over (a PNG without IEND, for one); PBM and
// run-length BMP are refused; a PNG's eXIf is ignored; 16-bit greys become 8 bits, where Pillow keeps 16.
//
// Bytes may be hostile: sizes are checked before memory is taken, nothing outside these functions is touched,
// and 256 MiB are enough for whatever the default settings let through. That is for one call: as many threads
// take as many times that.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "titrate/image/image.hpp"

namespace titrate::codec {

enum class Format { png, jpeg, bmp, pnm };

std::string name_of(Format format);  // "PNG", "JPEG", "BMP", "PNM"

struct DecodeSettings {
  std::array<std::uint8_t, 3> background{0, 0, 0};     // RGB under what is transparent
  std::uint64_t most_pixels = std::uint64_t{1} << 24;  // and never more than 65,535 a side
};

// Told by the first bytes, never by a file's name. Nothing when they are no picture of ours.
std::optional<Format> format_of(std::span<const std::byte> head);

// The shape that decode() will give, from the head of a file alone; channels are 1 or 3. Nothing when `head`
// ends before the shape is known. Throws Error (integrity) that names `where`: not a picture, damaged, too
// large, a form that is not read.
std::optional<image::Shape> probe(std::span<const std::byte> head, const DecodeSettings& settings,
                                  const std::string& where);

// All of it. Throws Error (integrity) as probe(), and for what is cut off or damaged inside: libjpeg's
// warnings and wrong checksums in a PNG are damage.
image::Image decode(std::span<const std::byte> bytes, const DecodeSettings& settings,
                    const std::string& where);

// 1 or 3 channels, 8 bits, no time or text inside: the bytes are a function of the picture.
std::vector<std::byte> encode_png(const image::View& view);

}  // namespace titrate::codec
