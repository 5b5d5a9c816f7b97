#include "titrate/codec/codec.hpp"

#include <string_view>

#include "parts.hpp"
#include "titrate/core/error.hpp"

namespace titrate::codec {
namespace {

constexpr std::uint64_t kMostSide = 65535;
constexpr std::size_t kLongestMagic = 8;
constexpr std::string_view kPngMagic{"\x89PNG\r\n\x1a\n", 8};
constexpr const char* kDamagedHint = "restore it or leave it out";

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// What people also keep in folders of pictures, by the name they know.
std::string stranger(std::span<const std::byte> bytes) {
  const std::string_view head = text_of(bytes);
  if (head.empty()) return "an empty file";
  if (head.starts_with("GIF8")) return "a GIF";
  if (head.starts_with("RIFF") && head.substr(0, 12).ends_with("WEBP")) return "a WebP";
  if (head.starts_with("II*") || head.starts_with("MM")) return "a TIFF";
  if (head.starts_with("<")) return "text such as SVG or HTML";
  return "something else";
}

Format known_format(const Encoded& encoded) {
  if (const auto format = format_of(encoded.bytes)) return *format;
  throw Error({.code = ErrorCode::integrity,
               .where = encoded.where,
               .what = "not a picture that is read here",
               .expected = "PNG, JPEG, BMP or PNM",
               .got = stranger(encoded.bytes)});
}

}  // namespace

std::string name_of(Format format) {
  switch (format) {
    case Format::png:
      return "PNG";
    case Format::jpeg:
      return "JPEG";
    case Format::bmp:
      return "BMP";
    case Format::pnm:
      return "PNM";
  }
  return "";
}

std::optional<Format> format_of(std::span<const std::byte> head) {
  const std::string_view text = text_of(head);
  if (text.starts_with(kPngMagic)) return Format::png;
  if (text.starts_with("\xff\xd8\xff")) return Format::jpeg;
  if (text.starts_with("BM")) return Format::bmp;
  const bool numbered = text.size() > 2 && text[0] == 'P' && text[1] >= '1' && text[1] <= '6';
  if (numbered && std::string_view(" \t\n\v\f\r#").find(text[2]) != std::string_view::npos)
    return Format::pnm;
  return std::nullopt;
}

std::optional<image::Shape> probe(std::span<const std::byte> head, const DecodeSettings& settings,
                                  const std::string& where) {
  if (head.size() < kLongestMagic) return std::nullopt;
  const Encoded encoded{.bytes = head, .whole = false, .settings = settings, .where = where};
  switch (known_format(encoded)) {
    case Format::png:
      return probe_png(encoded);
    case Format::jpeg:
      return probe_jpeg(encoded);
    case Format::bmp:
      return probe_bmp(encoded);
    case Format::pnm:
      return probe_pnm(encoded);
  }
  return std::nullopt;
}

image::Image decode(std::span<const std::byte> bytes, const DecodeSettings& settings,
                    const std::string& where) {
  const Encoded encoded{.bytes = bytes, .whole = true, .settings = settings, .where = where};
  switch (known_format(encoded)) {
    case Format::png:
      return decode_png(encoded);
    case Format::jpeg:
      return decode_jpeg(encoded);
    case Format::bmp:
      return decode_bmp(encoded);
    case Format::pnm:
      return decode_pnm(encoded);
  }
  return {};
}

void refuse_cut_off(const Encoded& encoded, Format format) {
  throw Error({.code = ErrorCode::integrity,
               .where = encoded.where,
               .what = "the " + name_of(format) + " is cut off",
               .hint = kDamagedHint});
}

void refuse_damaged(const Encoded& encoded, Format format, const std::string& detail) {
  throw Error({.code = ErrorCode::integrity,
               .where = encoded.where,
               .what = "the " + name_of(format) + " is damaged (" + detail + ")",
               .hint = kDamagedHint});
}

void refuse_form(const Encoded& encoded, Format format, const std::string& expected, const std::string& got) {
  throw Error({.code = ErrorCode::integrity,
               .where = encoded.where,
               .what = "a form of " + name_of(format) + " that is not read",
               .expected = expected,
               .got = got,
               .hint = "save it as PNG"});
}

void check_size(const Encoded& encoded, Format format, std::uint64_t height, std::uint64_t width) {
  if (height == 0 || width == 0) refuse_damaged(encoded, format, "it has no pixels");
  const std::uint64_t most = encoded.settings.most_pixels;
  if (height <= kMostSide && width <= kMostSide && height * width <= most) return;
  throw Error(
      {.code = ErrorCode::integrity,
       .where = encoded.where,
       .what = "the " + name_of(format) + " is too large",
       .expected = "at most " + std::to_string(most) + " pixels, " + std::to_string(kMostSide) + " a side",
       .got = std::to_string(height) + " x " + std::to_string(width)});
}

bool is_grey(const std::array<std::uint8_t, 3>& colour) {
  return colour[0] == colour[1] && colour[1] == colour[2];
}

void lay_on(const std::array<std::uint8_t, 3>& background, const std::uint8_t* in, std::uint32_t in_channels,
            std::uint32_t out_channels, std::span<std::uint8_t> out) {
  const std::uint32_t alpha_at = in_channels - 1;
  for (std::size_t i = 0; i < out.size(); i += out_channels, in += in_channels) {
    const unsigned alpha = in[alpha_at];
    for (std::uint32_t c = 0; c < out_channels; ++c) {
      const unsigned over = alpha_at == 1 ? in[0] : in[c];
      // Exactly round(sum / 255), without a division.
      const unsigned sum = alpha * over + (255 - alpha) * background[c] + 128;
      out[i + c] = static_cast<std::uint8_t>((sum + (sum >> 8)) >> 8);
    }
  }
}

}  // namespace titrate::codec
