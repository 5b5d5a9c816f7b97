#include "titrate/draw/glyph.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "titrate/core/error.hpp"
#include "titrate/core/hash.hpp"
#include "titrate/core/random.hpp"

namespace titrate::draw {
namespace {

constexpr std::uint64_t kImagesPerWriter = 4;

struct Ink {
  double mass = 0.0;
  double centre_x = 0.0, centre_y = 0.0;
  int width = 0, height = 0;
};

Ink measure(const image::Image& image) {
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
  const image::Image image = draw_glyph(request);
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

// Mean pictures by class of `writers` writers from number `first` on, one picture each.
struct Means {
  std::vector<std::vector<double>> of_class;
};

Means mean_pictures(std::uint32_t from, std::uint32_t to, std::uint64_t first, std::uint64_t writers) {
  Means means;
  for (std::uint32_t glyph = from; glyph < to; ++glyph) {
    std::vector<double> mean(28 * 28);
    for (std::uint64_t w = first; w < first + writers; ++w) {
      const image::Image image =
          draw_glyph({.glyph_class = glyph, .index = kImagesPerWriter * w, .seed = 21});
      for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += image.pixels[i] / static_cast<double>(writers);
    }
    means.of_class.push_back(mean);
  }
  return means;
}

double squared_distance(std::span<const double> mean, std::span<const std::uint8_t> pixels) {
  double sum = 0.0;
  for (std::size_t i = 0; i < mean.size(); ++i) sum += (mean[i] - pixels[i]) * (mean[i] - pixels[i]);
  return sum;
}

std::size_t nearest(const Means& means, const image::Image& image) {
  std::size_t best = 0;
  double least = 1e300;
  for (std::size_t k = 0; k < means.of_class.size(); ++k) {
    const double distance = squared_distance(means.of_class[k], image.pixels);
    if (distance < least) best = k, least = distance;
  }
  return best;
}

TEST(Glyph, ClassesAreTheTenDigits) {
  const std::vector<std::string> classes = glyph_set("digits");
  ASSERT_EQ(classes.size(), 10u);
  for (std::size_t i = 0; i < classes.size(); ++i) EXPECT_EQ(classes[i], std::to_string(i));
}

TEST(Glyph, SetsOfClasses) {
  const std::vector<std::string> letters = glyph_set("letters"), symbols = glyph_set("symbols-37");
  ASSERT_EQ(letters.size(), 26u);
  EXPECT_EQ(letters.front() + letters.back(), "AZ");
  ASSERT_EQ(symbols.size(), 37u);
  EXPECT_EQ(symbols[9] + symbols[10] + symbols[35] + symbols[36], "9AZ#");
  EXPECT_TRUE(glyph_set("runes").empty());
  for (const std::string& name : glyph_set_names()) EXPECT_FALSE(glyph_set(name).empty()) << name;
}

// The pixels are part of the numerics: whoever changes them on purpose pins the new ones here.
TEST(Glyph, PixelsArePinned) {
  EXPECT_EQ(hex(fingerprint({.glyph_class = 0, .index = 0, .seed = 1})), "3d1f8ac242db76a4");
  EXPECT_EQ(hex(fingerprint({.glyph_class = 2, .index = 17, .seed = 1})), "fabe756a4a990867");
  EXPECT_EQ(hex(fingerprint({.glyph_class = 4, .index = 6999, .seed = 7, .size = 64})), "bd75df433da1d239");
  EXPECT_EQ(hex(fingerprint({.glyph_class = 8, .index = 1ull << 40, .seed = 3, .size = 8})),
            "67283f62894d31b8");
  EXPECT_EQ(hex(fingerprint({.glyph_class = 10, .index = 0, .seed = 1})), "07aff24555cec488");
  EXPECT_EQ(hex(fingerprint({.glyph_class = 36, .index = 17, .seed = 2, .size = 64})), "2b6a0615f1285c22");
}

// Forty pictures of each digit, as they were before there were letters: studies of digits stand on them.
TEST(Glyph, ManyDigitsArePinned) {
  const std::vector<std::string> expected{
      "caf299434da95cbc", "5dd7388ccb0b8ba8", "e159a90ff6e66a59", "9c624e60e6a876df", "43ef0feb87a3d8c8",
      "bf4de77492f05254", "5c64a59c3eb4d6fc", "7f91a6fd93c2486d", "6de8b79d440abd75", "66cf67d40190232d"};
  for (std::uint32_t digit = 0; digit < 10; ++digit) {
    std::uint64_t all = 0;
    for (std::uint64_t index = 0; index < 40; ++index) {
      all = hash_words(all, fingerprint({.glyph_class = digit, .index = index, .seed = 11}));
    }
    EXPECT_EQ(hex(all), expected[digit]) << digit;
  }
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
        const image::Image image =
            draw_glyph({.glyph_class = digit, .index = index, .seed = 2, .size = size});
        ASSERT_EQ(image.shape, (image::Shape{size, size, 1}));
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

TEST(Glyph, LettersFillTheBoxAndStayInThePicture) {
  for (const std::uint32_t size : {8u, 28u, 64u}) {
    const double box = size * 20.0 / 28.0;
    for (std::uint32_t glyph = 10; glyph < 37; ++glyph) {
      double off_centre = 0.0;
      for (std::uint64_t index = 0; index < 60; ++index) {
        SCOPED_TRACE(testing::Message() << "size " << size << ", class " << glyph << ", index " << index);
        const image::Image image =
            draw_glyph({.glyph_class = glyph, .index = index, .seed = 2, .size = size});
        ASSERT_EQ(image.shape, (image::Shape{size, size, 1}));
        const Ink ink = measure(image);
        ASSERT_GT(ink.mass, 255.0);
        // Pressure widens a stroke by a few hundredths.
        EXPECT_LE(std::max(ink.width, ink.height), box + 2.0 + 0.02 * size);
        EXPECT_GE(std::max(ink.width, ink.height), box - 2.0);
        off_centre += (std::abs(ink.centre_x - 0.5 * size) + std::abs(ink.centre_y - 0.5 * size)) / 60;
      }
      EXPECT_LT(off_centre, 0.5 + 0.04 * size) << "size " << size << ", class " << glyph;
    }
  }
}

TEST(Glyph, LettersOfFreshWritersAreNearestToTheMeanOfTheirClass) {
  const Means means = mean_pictures(10, 37, 0, 150);
  int right = 0, all = 0;
  for (std::uint32_t glyph = 10; glyph < 37; ++glyph) {
    int right_here = 0;
    for (std::uint64_t w = 150; w < 200; ++w) {
      const image::Image image =
          draw_glyph({.glyph_class = glyph, .index = kImagesPerWriter * w, .seed = 21});
      right_here += nearest(means, image) == glyph - 10;
    }
    EXPECT_GE(right_here, 15) << "of 50, class " << glyph;
    right += right_here;
    all += 50;
  }
  RecordProperty("percent_right", 100 * right / all);
  EXPECT_GT(right, all * 3 / 4);
}

TEST(Glyph, MeanPicturesOfAllClassesDiffer) {
  const Means means = mean_pictures(0, 37, 0, 100);
  for (std::size_t a = 0; a < 37; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      double sum = 0.0;
      for (std::size_t i = 0; i < 28 * 28; ++i) {
        sum += std::abs(means.of_class[a][i] - means.of_class[b][i]);
      }
      EXPECT_GT(sum / (28 * 28), 5.0) << glyph_set("symbols-37")[a] << " and " << glyph_set("symbols-37")[b];
    }
  }
}

TEST(Glyph, LargerPictureShowsTheSameDigit) {
  const image::Image small = draw_glyph({.glyph_class = 6, .index = 11, .seed = 9, .size = 28});
  const image::Image large = draw_glyph({.glyph_class = 6, .index = 11, .seed = 9, .size = 112});
  EXPECT_NEAR(measure(large).mass / 16.0, measure(small).mass, 0.15 * measure(small).mass);
}

TEST(Glyph, RefusesUnknownClassAndTinyPicture) {
  EXPECT_EQ(code_of({.glyph_class = 37}), ErrorCode::usage);
  EXPECT_EQ(code_of({.glyph_class = 0, .size = 7}), ErrorCode::usage);
  EXPECT_NO_THROW(draw_glyph({.glyph_class = 36, .size = 8}));
}

}  // namespace
}  // namespace titrate::draw
