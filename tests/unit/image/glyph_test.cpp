#include "titrate/image/glyph.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "titrate/core/error.hpp"
#include "titrate/core/hash.hpp"

namespace titrate::image {
namespace {

struct Ink {
  double mass = 0.0;
  double centre_x = 0.0, centre_y = 0.0;
  int width = 0, height = 0;
};

Ink measure(const Image& image) {
  const int side = static_cast<int>(image.shape.width);
  Ink ink;
  int left = side, right = -1, top = side, bottom = -1;
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const double grey = image.pixels[static_cast<std::size_t>(y * side + x)];
      if (grey == 0) continue;
      ink.mass += grey;
      ink.centre_x += grey * (x + 0.5);
      ink.centre_y += grey * (y + 0.5);
      left = std::min(left, x), right = std::max(right, x);
      top = std::min(top, y), bottom = std::max(bottom, y);
    }
  }
  ink.centre_x /= ink.mass;
  ink.centre_y /= ink.mass;
  ink.width = right - left + 1;
  ink.height = bottom - top + 1;
  return ink;
}

std::uint64_t fingerprint(const GlyphRequest& request) {
  const Image image = draw_glyph(request);
  return xxh3(std::as_bytes(std::span(image.pixels)));
}

ErrorCode code_of(const GlyphRequest& request) {
  try {
    draw_glyph(request);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::internal;
}

TEST(Glyph, ClassesAreTheTenDigits) {
  const std::vector<std::string> classes = glyph_classes();
  ASSERT_EQ(classes.size(), 10u);
  for (std::size_t i = 0; i < classes.size(); ++i) EXPECT_EQ(classes[i], std::to_string(i));
}

// The pixels are part of the numerics: whoever changes them on purpose pins the new ones here.
TEST(Glyph, PixelsArePinned) {
  EXPECT_EQ(hex(fingerprint({.glyph_class = 0, .index = 0, .seed = 1})), "3d1f8ac242db76a4");
  EXPECT_EQ(hex(fingerprint({.glyph_class = 2, .index = 17, .seed = 1})), "fabe756a4a990867");
  EXPECT_EQ(hex(fingerprint({.glyph_class = 4, .index = 6999, .seed = 7, .size = 64})), "bd75df433da1d239");
  EXPECT_EQ(hex(fingerprint({.glyph_class = 8, .index = 1ull << 40, .seed = 3, .size = 8})),
            "67283f62894d31b8");
}

TEST(Glyph, SeedClassAndIndexAllCount) {
  const GlyphRequest request{.glyph_class = 3, .index = 40, .seed = 5};
  EXPECT_EQ(fingerprint(request), fingerprint(request));
  EXPECT_NE(fingerprint(request), fingerprint({.glyph_class = 3, .index = 41, .seed = 5}));
  EXPECT_NE(fingerprint(request), fingerprint({.glyph_class = 3, .index = 40, .seed = 6}));
  EXPECT_NE(fingerprint(request), fingerprint({.glyph_class = 5, .index = 40, .seed = 5}));
}

TEST(Glyph, InkFillsTheBoxAndItsMassIsCentred) {
  for (const std::uint32_t size : {8u, 28u, 64u}) {
    const double box = size * 20.0 / 28.0;
    for (std::uint32_t digit = 0; digit < 10; ++digit) {
      for (std::uint64_t index = 0; index < 60; ++index) {
        SCOPED_TRACE(testing::Message() << "size " << size << ", digit " << digit << ", index " << index);
        const Image image = draw_glyph({.glyph_class = digit, .index = index, .seed = 2, .size = size});
        ASSERT_EQ(image.shape, (Shape{size, size, 1}));
        ASSERT_EQ(image.pixels.size(), std::size_t{size} * size);
        const Ink ink = measure(image);
        ASSERT_GT(ink.mass, 255.0);
        // A box of whole pixels around the ink can stand out by a part of a pixel on both sides.
        EXPECT_LE(std::max(ink.width, ink.height), box + 2.0);
        EXPECT_GE(std::max(ink.width, ink.height), box - 2.0);
        EXPECT_NEAR(ink.centre_x, 0.5 * size, 1.0);
        EXPECT_NEAR(ink.centre_y, 0.5 * size, 1.0);
      }
    }
  }
}

TEST(Glyph, LargerPictureShowsTheSameDigit) {
  const Image small = draw_glyph({.glyph_class = 6, .index = 11, .seed = 9, .size = 28});
  const Image large = draw_glyph({.glyph_class = 6, .index = 11, .seed = 9, .size = 112});
  EXPECT_NEAR(measure(large).mass / 16.0, measure(small).mass, 0.15 * measure(small).mass);
}

TEST(Glyph, RefusesUnknownClassAndTinyPicture) {
  EXPECT_EQ(code_of({.glyph_class = 10}), ErrorCode::usage);
  EXPECT_EQ(code_of({.glyph_class = 0, .size = 7}), ErrorCode::usage);
  EXPECT_NO_THROW(draw_glyph({.glyph_class = 9, .size = 8}));
}

}  // namespace
}  // namespace titrate::image
