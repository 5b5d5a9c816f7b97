#include "titrate/draw/scene.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include "titrate/core/error.hpp"
#include "titrate/core/hash.hpp"

namespace titrate::draw {
namespace {

constexpr std::uint32_t kClasses = 37;

std::uint64_t fingerprint(const image::Image& image) { return xxh3(std::as_bytes(std::span(image.pixels))); }

double brightness(const image::Image& image, std::size_t pixel) {
  const std::uint8_t* rgb = &image.pixels[3 * pixel];
  return 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
}

// Whether the sign covers half of some pixel at most `reach` away, in a square.
bool sign_is_near(const image::Image& mask, int x, int y, int reach) {
  const int side = static_cast<int>(mask.shape.width);
  for (int v = std::max(y - reach, 0); v <= std::min(y + reach, side - 1); ++v) {
    for (int u = std::max(x - reach, 0); u <= std::min(x + reach, side - 1); ++u) {
      if (mask.pixels[static_cast<std::size_t>(v * side + u)] >= 128) return true;
    }
  }
  return false;
}

struct Mean {
  double sum = 0.0;
  int count = 0;
  void add(double value) { sum += value, ++count; }
  double value() const { return sum / count; }
};

// Mean brightness of the sign against that of what surrounds it, in levels of 255.
double contrast(const GlyphRequest& request) {
  const image::Image scene = draw_scene(request), mask = draw_scene_mask(request);
  const int side = static_cast<int>(request.size);
  Mean sign, around;
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const auto pixel = static_cast<std::size_t>(y * side + x);
      if (mask.pixels[pixel] == 255) {
        sign.add(brightness(scene, pixel));
      } else if (mask.pixels[pixel] == 0 && sign_is_near(mask, x, y, side / 13)) {
        around.add(brightness(scene, pixel));
      }
    }
  }
  return std::abs(sign.value() - around.value());
}

ErrorCode code_of(const GlyphRequest& request) {
  try {
    draw_scene(request);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::internal;
}

TEST(Scene, SeedClassAndIndexAllCount) {
  const GlyphRequest request{.glyph_class = 12, .index = 40, .seed = 5, .size = 64};
  const std::uint64_t same = fingerprint(draw_scene(request));
  EXPECT_EQ(same, fingerprint(draw_scene(request)));
  EXPECT_NE(same, fingerprint(draw_scene({.glyph_class = 12, .index = 41, .seed = 5, .size = 64})));
  EXPECT_NE(same, fingerprint(draw_scene({.glyph_class = 12, .index = 40, .seed = 6, .size = 64})));
  EXPECT_NE(same, fingerprint(draw_scene({.glyph_class = 13, .index = 40, .seed = 5, .size = 64})));
}

// The pixels are part of the numerics: whoever changes them on purpose pins the new ones here.
TEST(Scene, PixelsArePinned) {
  EXPECT_EQ(hex(fingerprint(draw_scene({.glyph_class = 0, .index = 0, .seed = 1, .size = 64}))),
            "2ae3fb2f1fbf8742");
  EXPECT_EQ(hex(fingerprint(draw_scene({.glyph_class = 22, .index = 17, .seed = 2, .size = 28}))),
            "4ffc58f0f1e3b216");
  EXPECT_EQ(hex(fingerprint(draw_scene({.glyph_class = 36, .index = 1ull << 40, .seed = 3, .size = 96}))),
            "a87d9855666a7ee7");
}

TEST(Scene, ShapesOfAllSizes) {
  for (const std::uint32_t size : {8u, 9u, 32u, 200u}) {
    for (std::uint32_t glyph = 0; glyph < kClasses; ++glyph) {
      const GlyphRequest request{.glyph_class = glyph, .index = glyph, .seed = 4, .size = size};
      EXPECT_EQ(draw_scene(request).shape, (image::Shape{size, size, 3}));
      EXPECT_EQ(draw_scene_mask(request).shape, (image::Shape{size, size, 1}));
    }
  }
}

TEST(Scene, EverySignStandsOutAndWithinThePicture) {
  for (std::uint32_t glyph = 0; glyph < kClasses; ++glyph) {
    for (std::uint64_t index = 0; index < 60; ++index) {
      SCOPED_TRACE(testing::Message() << "class " << glyph << ", index " << index);
      const GlyphRequest request{.glyph_class = glyph, .index = index, .seed = 1, .size = 64};
      EXPECT_GT(contrast(request), 34.0);
      const image::Image mask = draw_scene_mask(request);
      EXPECT_GT(std::count(mask.pixels.begin(), mask.pixels.end(), 255), 60);
      for (std::size_t i = 0; i < 64; ++i) {
        EXPECT_EQ(mask.pixels[i] + mask.pixels[63 * 64 + i] + mask.pixels[64 * i] + mask.pixels[64 * i + 63],
                  0);
      }
    }
  }
}

TEST(Scene, ColoursOfSignAndGroundVary) {
  std::set<std::array<int, 3>> signs, grounds;  // by sixths of each channel
  int darker = 0;
  for (std::uint64_t index = 0; index < 200; ++index) {
    const GlyphRequest request{.glyph_class = 34, .index = index, .seed = 8, .size = 32};
    const image::Image scene = draw_scene(request), mask = draw_scene_mask(request);
    std::array<Mean, 3> sign, ground;
    for (std::size_t i = 0; i < mask.pixels.size(); ++i) {
      if (mask.pixels[i] != 255 && mask.pixels[i] != 0) continue;
      for (std::size_t c = 0; c < 3; ++c)
        (mask.pixels[i] != 0 ? sign : ground)[c].add(scene.pixels[3 * i + c]);
    }
    const auto sixths = [](const std::array<Mean, 3>& rgb) {
      return std::array{static_cast<int>(rgb[0].value() / 43), static_cast<int>(rgb[1].value() / 43),
                        static_cast<int>(rgb[2].value() / 43)};
    };
    signs.insert(sixths(sign));
    grounds.insert(sixths(ground));
    darker += sign[1].value() < ground[1].value();
  }
  EXPECT_GT(signs.size(), 40u);
  EXPECT_GT(grounds.size(), 30u);
  EXPECT_GT(darker, 50);
  EXPECT_LT(darker, 150);
}

TEST(Scene, CornersAreTexturedAndDiffer) {
  std::set<std::array<std::uint8_t, 3>> corners;
  int textured = 0;
  for (std::uint64_t index = 0; index < 100; ++index) {
    const image::Image scene = draw_scene({.glyph_class = 7, .index = index, .seed = 3, .size = 64});
    corners.insert({scene.pixels[0], scene.pixels[1], scene.pixels[2]});
    double low = 255.0, high = 0.0;
    for (std::size_t i = 0; i < 12 * 12; ++i) {
      const double value = brightness(scene, 64 * (i / 12) + i % 12);
      low = std::min(low, value), high = std::max(high, value);
    }
    textured += high - low > 12.0;
  }
  EXPECT_GT(corners.size(), 95u);
  EXPECT_GT(textured, 60);
}

TEST(Scene, RefusesUnknownClassAndTinyPicture) {
  EXPECT_EQ(code_of({.glyph_class = kClasses}), ErrorCode::usage);
  EXPECT_EQ(code_of({.glyph_class = 0, .size = 7}), ErrorCode::usage);
}

}  // namespace
}  // namespace titrate::draw
