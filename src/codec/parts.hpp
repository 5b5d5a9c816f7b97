// What the codecs share: their input, their errors, and the laying of transparent pixels on a background.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "titrate/codec/codec.hpp"

namespace titrate::codec {

// Someone else's bytes, and what is asked of them.
struct Encoded {
  std::span<const std::byte> bytes;
  bool whole = true;  // false: the head of a file; its end says nothing about the file's
  const DecodeSettings& settings;
  const std::string& where;
};

// Nothing when a head ends too soon. What a whole file lacks is an Error.
std::optional<image::Shape> probe_png(const Encoded& encoded);
std::optional<image::Shape> probe_jpeg(const Encoded& encoded);
std::optional<image::Shape> probe_bmp(const Encoded& encoded);
std::optional<image::Shape> probe_pnm(const Encoded& encoded);

image::Image decode_png(const Encoded& encoded);
image::Image decode_jpeg(const Encoded& encoded);
image::Image decode_bmp(const Encoded& encoded);
image::Image decode_pnm(const Encoded& encoded);

[[noreturn]] void refuse_cut_off(const Encoded& encoded, Format format);
[[noreturn]] void refuse_damaged(const Encoded& encoded, Format format, const std::string& detail);
[[noreturn]] void refuse_form(const Encoded& encoded, Format format, const std::string& expected,
                              const std::string& got);

// No side of 0 or beyond 65,535, and no more pixels than the settings allow: to be asked before memory is
// taken.
void check_size(const Encoded& encoded, Format format, std::uint64_t height, std::uint64_t width);

bool is_grey(const std::array<std::uint8_t, 3>& colour);

// `in` is grey and alpha (2 channels) or RGBA (4), as many pixels as `out` holds; `out` has 1 or 3 channels.
void lay_on(const std::array<std::uint8_t, 3>& background, const std::uint8_t* in, std::uint32_t in_channels,
            std::uint32_t out_channels, std::span<std::uint8_t> out);

}  // namespace titrate::codec
