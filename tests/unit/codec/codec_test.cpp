#include "titrate/codec/codec.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string_view>

#include "support/outcome.hpp"

namespace titrate::codec {
namespace {

using Bytes = std::vector<std::byte>;

constexpr DecodeSettings kBlack{};

Bytes bytes_of(std::string_view text) {
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

Bytes from_hex(std::string_view hex) {
  Bytes bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(std::byte(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

image::Image noise(const image::Shape& shape) {
  image::Image image(shape);
  std::uint32_t state = 1;
  for (std::uint8_t& pixel : image.pixels) {
    state = state * 1664525 + 1013904223;
    pixel = static_cast<std::uint8_t>(state >> 24);
  }
  return image;
}

// A grey JPEG of 8 rows by 16 columns, white on the left; EXIF says to turn it right: 16 x 8, white above.
Bytes turned_jpeg() {
  return from_hex(
      "ffd8ffe000104a46494600010100000100010000ffe100224578696600004d4d002a0000000800010112000300000001"
      "0006000000000000ffdb0043000302020302020303030304030304050805050404050a070706080c0a0c0c0b0a0b0b0d"
      "0e12100d0e110e0b0b1016101113141515150c0f171816141812141514ffc0000b080008001001011100ffc400150001"
      "010000000000000000000000000000090affc40014100100000000000000000000000000000000ffda0008010100003f"
      "0054d2aeffd9");
}

// A red and a blue pixel, 2 x 1, 24 bits.
Bytes small_bmp() {
  return from_hex(
      "424d3e000000000000003600000028000000020000000100000001001800000000000000000000000000000000000000"
      "0000000000000000ffff00000000");
}

std::vector<Bytes> one_of_each() {
  return {encode_png(noise({5, 7, 3}).view()), turned_jpeg(), small_bmp(), bytes_of("P2 2 1 10\n0 5"),
          bytes_of("P6\n1 2\n255\nabcdef")};
}

std::string refusal(const Bytes& bytes, const DecodeSettings& settings = kBlack) {
  const Outcome result = outcome([&] { decode(bytes, settings, "a.png"); });
  EXPECT_EQ(result.code, ErrorCode::integrity) << result.message;
  EXPECT_TRUE(result.message.starts_with("a.png: ")) << result.message;
  return result.message;
}

// Whatever comes of it, it is a picture or a refusal, and probe() says the same.
void expect_calm(const Bytes& bytes) {
  try {
    const image::Image image = decode(bytes, kBlack, "test");
    EXPECT_EQ(image.pixels.size(), image.shape.bytes());
    EXPECT_EQ(probe(bytes, kBlack, "test"), image.shape);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::integrity) << error.what();
  }
}

TEST(Codec, PngReadsBackAndIsAFunctionOfThePicture) {
  for (const image::Shape shape : {image::Shape{1, 1, 1}, {28, 28, 1}, {3, 17, 3}, {64, 5, 3}}) {
    const image::Image image = noise(shape);
    const Bytes bytes = encode_png(image.view());
    const image::Image back = decode(bytes, kBlack, "test");
    EXPECT_EQ(back.shape, shape);
    EXPECT_EQ(back.pixels, image.pixels);
    EXPECT_EQ(encode_png(back.view()), bytes);
  }
}

TEST(Codec, PngIsNotWrittenOfSomethingElse) {
  const image::Image image = noise({4, 4, 3});
  for (const image::Shape shape : {image::Shape{4, 4, 2}, {0, 4, 3}, {4, 5, 3}}) {
    const Outcome result = outcome([&] { encode_png({shape, image.pixels}); });
    EXPECT_EQ(result.code, ErrorCode::internal) << result.message;
  }
}

TEST(Codec, FormatIsToldByTheFirstBytes) {
  const std::vector<Format> formats{Format::png, Format::jpeg, Format::bmp, Format::pnm, Format::pnm};
  const auto pictures = one_of_each();
  for (std::size_t i = 0; i < formats.size(); ++i) EXPECT_EQ(format_of(pictures[i]), formats[i]);
  for (const char* text : {"", "P", "P7 1 1", "P5x1 1", "GIF89a", "\x89PNG"}) {
    EXPECT_EQ(format_of(bytes_of(text)), std::nullopt) << text;
  }
  EXPECT_NE(refusal(bytes_of("GIF89a..")).find("expected PNG, JPEG, BMP or PNM, got a GIF"),
            std::string::npos);
}

TEST(Codec, ExifTurnsAPhotograph) {
  const image::Image image = decode(turned_jpeg(), kBlack, "test");
  ASSERT_EQ(image.shape, (image::Shape{16, 8, 1}));
  for (std::size_t i = 0; i < image.pixels.size(); ++i) ASSERT_EQ(image.pixels[i], i < 64 ? 255 : 0) << i;
}

TEST(Codec, BmpAndPnmValues) {
  const image::Image bmp = decode(small_bmp(), kBlack, "test");
  EXPECT_EQ(bmp.pixels, (std::vector<std::uint8_t>{255, 0, 0, 0, 0, 255}));
  const image::Image pnm = decode(bytes_of("P2 # two\n2 1 10\n0 5"), kBlack, "test");
  EXPECT_EQ(pnm.shape, (image::Shape{1, 2, 1}));
  EXPECT_EQ(pnm.pixels, (std::vector<std::uint8_t>{0, 128}));
}

// A pixel of 32 bits, 44 33 22 11 from the lowest byte, whose header of 56 bytes names its masks.
Bytes masked_bmp(const std::array<std::uint32_t, 4>& masks) {
  Bytes bytes = from_hex(
      "424d4a00000000000000460000003800000001000000010000000100200003000000"
      "0400000000000000000000000000000000000000");
  for (const std::uint32_t mask : masks)
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(std::byte(mask >> shift & 0xff));
  for (const int value : {0x44, 0x33, 0x22, 0x11}) bytes.push_back(std::byte(value));
  return bytes;
}

TEST(Codec, BmpMasksNameTheBytesAndDoNotOverlap) {
  EXPECT_EQ(decode(masked_bmp({0xff, 0xff00, 0xff0000, 0}), kBlack, "test").pixels,
            (std::vector<std::uint8_t>{0x44, 0x33, 0x22}));
  for (const std::array<std::uint32_t, 4>& masks : {std::array<std::uint32_t, 4>{0xff, 0xff, 0xff0000, 0},
                                                    {0xff, 0xff00, 0xff0000, 0xff0000},
                                                    {0xff, 0xffff, 0xff0000, 0},
                                                    {0xff000000, 0xff00, 0xff000000, 0}})
    EXPECT_NE(refusal(masked_bmp(masks)).find("bit masks that share bits"), std::string::npos);
  EXPECT_NE(refusal(masked_bmp({0x7f, 0xff00, 0xff0000, 0})).find("other bit masks"), std::string::npos);
}

TEST(Codec, EveryCutIsRefused) {
  for (const Bytes& bytes : one_of_each()) {
    const image::Image whole = decode(bytes, kBlack, "test");
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const Bytes part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      refusal(part);
      const auto shape = probe(part, kBlack, "test");
      EXPECT_TRUE(!shape || *shape == whole.shape) << size;
    }
    EXPECT_EQ(probe(bytes, kBlack, "test"), whole.shape);
  }
}

TEST(Codec, AHeadIsEnoughForTheShape) {
  const Bytes png = encode_png(noise({40, 40, 3}).view());
  EXPECT_EQ(probe(std::span(png).first(64), kBlack, "test"), (image::Shape{40, 40, 3}));
  const Bytes jpeg = turned_jpeg();
  EXPECT_EQ(probe(std::span(jpeg).first(jpeg.size() - 5), kBlack, "test"), (image::Shape{16, 8, 1}));
  EXPECT_EQ(probe(bytes_of("P6 300 200 255\n"), kBlack, "test"), (image::Shape{200, 300, 3}));
  EXPECT_EQ(probe(bytes_of("P6 300 200 255"), kBlack, "test"), std::nullopt);
}

TEST(Codec, EveryFlippedBitIsAPictureOrARefusal) {
  for (const Bytes& bytes : one_of_each()) {
    const bool checked = format_of(bytes) == Format::png;
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      Bytes damaged = bytes;
      damaged[bit / 8] ^= std::byte(1U << bit % 8);
      if (checked) {
        refusal(damaged);
      } else {
        expect_calm(damaged);
      }
    }
  }
}

TEST(Codec, LimitsHoldBeforeMemoryIsTaken) {
  EXPECT_NE(refusal(bytes_of("P6 65535 65535 255\n")).find("too large"), std::string::npos);
  EXPECT_NE(refusal(bytes_of("P6 65536 1 255\n")).find("65535 a side"), std::string::npos);
  EXPECT_NE(refusal(bytes_of("P6 4096 4096 255\n")).find("cut off"), std::string::npos);
  const Bytes png = encode_png(noise({5, 7, 1}).view());
  EXPECT_EQ(decode(png, {.most_pixels = 35}, "test").shape, (image::Shape{5, 7, 1}));
  EXPECT_NE(refusal(png, {.most_pixels = 34}).find("expected at most 34 pixels"), std::string::npos);
  EXPECT_THROW(probe(png, {.most_pixels = 34}, "test"), Error);
}

}  // namespace
}  // namespace titrate::codec
