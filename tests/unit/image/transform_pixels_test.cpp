// What each transform makes of pixels, by hand and against slow but obvious code. The comparison with Pillow
// is tests/e2e/transform_test.py.
#include <gtest/gtest.h>

#include <algorithm>

#include "titrate/core/random.hpp"
#include "titrate/image/transform.hpp"

namespace titrate::image {
namespace {

using Pixels = std::vector<std::uint8_t>;

Image picture(const Shape& shape, const Pixels& pixels) {
  Image image(shape);
  image.pixels = pixels;
  return image;
}

Image noise(const Shape& shape, std::uint64_t seed, int levels = 256) {
  Image image(shape);
  RandomStream stream(seed, Purpose::augmentation, 0, 0);
  for (auto& pixel : image.pixels) pixel = static_cast<std::uint8_t>(stream.uniform(0, levels));
  return image;
}

Image done(const std::string& text, const Image& image) {
  const std::vector<Transform> list{parse_transform(text, "test")};
  return transform(list, image);
}

TEST(TransformPixels, GreyIsLuma) {
  const Image image = picture({1, 4, 3}, {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255});
  EXPECT_EQ(done("grey", image).pixels, (Pixels{76, 150, 29, 255}));
  EXPECT_EQ(done("grey", done("rgb", noise({5, 5, 1}, 1))).pixels, noise({5, 5, 1}, 1).pixels);
  EXPECT_EQ(done("rgb", picture({1, 2, 1}, {3, 4})).pixels, (Pixels{3, 3, 3, 4, 4, 4}));
}

TEST(TransformPixels, ShrinkingTakesMeansOfAreas) {
  EXPECT_EQ(done("resize 1 2", picture({2, 4, 1}, {0, 10, 20, 30, 40, 50, 60, 71})).pixels, (Pixels{25, 45}));
  // 3 to 2: a pixel and a half each. (2 x 30 + 60) / 3 and (60 + 2 x 90) / 3
  EXPECT_EQ(done("resize 1 2", picture({1, 3, 1}, {30, 60, 90})).pixels, (Pixels{40, 80}));
  // A half is rounded up.
  EXPECT_EQ(done("resize 1", picture({1, 2, 1}, {4, 5})).pixels, (Pixels{5}));
  EXPECT_EQ(done("resize 1", picture({1, 3, 1}, {4, 4, 5})).pixels, (Pixels{4}));
}

TEST(TransformPixels, GrowingIsBilinearBetweenCentres) {
  EXPECT_EQ(done("resize 1 4", picture({1, 2, 1}, {0, 100})).pixels, (Pixels{0, 25, 75, 100}));
  EXPECT_EQ(done("resize 4 1", picture({2, 1, 1}, {0, 100})).pixels, (Pixels{0, 25, 75, 100}));
  EXPECT_EQ(done("resize 3", picture({1, 1, 3}, {1, 2, 3})).pixels.size(), 27u);
  // One axis shrinks, the other grows.
  EXPECT_EQ(done("resize 1 4", picture({2, 2, 1}, {0, 100, 20, 120})).pixels, (Pixels{10, 35, 85, 110}));
}

TEST(TransformPixels, FlatPicturesStayFlatAtEverySize) {
  for (const int level : {1, 128, 254, 255}) {
    Image flat(Shape{37, 23, 3});
    std::fill(flat.pixels.begin(), flat.pixels.end(), static_cast<std::uint8_t>(level));
    // 129 and 1450: just beyond what 16 and 32 bits hold.
    for (const char* text : {"resize 5 7", "resize 36 22", "resize 38 24", "resize 300 1", "resize 1 300",
                             "resize 128 24", "resize 129 24", "resize 1449", "resize 1450"}) {
      const Pixels pixels = done(text, flat).pixels;
      EXPECT_EQ(std::count(pixels.begin(), pixels.end(), level), static_cast<std::ptrdiff_t>(pixels.size()))
          << text;
    }
  }
}

// The narrow and the wide sums: whole factors of 512 and of 300 against plain means.
TEST(TransformPixels, LongSidesAreExact) {
  for (const std::uint32_t factor : {2u, 16u, 300u, 512u}) {
    const Image image = noise({factor * 2, factor, 1}, factor);
    const Image small = done("resize 2 1", image);
    for (std::size_t half = 0; half < 2; ++half) {
      std::uint64_t sum = 0;
      const std::uint64_t area = std::uint64_t{factor} * factor;
      for (std::size_t i = 0; i < area; ++i) sum += image.pixels[half * area + i];
      EXPECT_EQ(small.pixels[half], (2 * sum + area) / (2 * area));
    }
  }
}

TEST(TransformPixels, AspectsAreKept) {
  const Image image = picture({1, 4, 1}, {10, 20, 30, 40});
  EXPECT_EQ(done("resize 4 fit", image).pixels, (Pixels{0, 0, 0, 0, 10, 20, 30, 40, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(done("resize 2 cover", picture({2, 4, 1}, {1, 2, 3, 4, 5, 6, 7, 8})).pixels,
            (Pixels{2, 3, 6, 7}));
  EXPECT_EQ(done("resize 2 4 cover", picture({4, 4, 1}, noise({4, 4, 1}, 2).pixels)).pixels,
            done("crop 2 4", noise({4, 4, 1}, 2)).pixels);
}

TEST(TransformPixels, CropAndPad) {
  const Image image = noise({5, 6, 3}, 4);
  EXPECT_EQ(done("crop 5 6", done("pad 3 77", image)).pixels, image.pixels);
  EXPECT_EQ(done("pad 1 9", picture({1, 1, 1}, {5})).pixels, (Pixels{9, 9, 9, 9, 5, 9, 9, 9, 9}));
  // The odd rest is below and on the right.
  EXPECT_EQ(done("crop 1 1", picture({2, 2, 1}, {1, 2, 3, 4})).pixels, (Pixels{1}));
  EXPECT_EQ(done("crop 1 2 1 0", picture({2, 2, 1}, {1, 2, 3, 4})).pixels, (Pixels{3, 4}));
}

TEST(TransformPixels, Levels) {
  EXPECT_EQ(done("invert", picture({1, 3, 1}, {0, 100, 255})).pixels, (Pixels{255, 155, 0}));
  // Too few pixels for a step of one: as it was.
  EXPECT_EQ(done("equalise", picture({1, 3, 1}, {0, 100, 255})).pixels, (Pixels{0, 100, 255}));
  // 1 pixel of 10, 509 of 20 and 2 of 30: the step is 2, half of it goes before, so 10 becomes 1 / 2, 20
  // becomes (1 + 1) / 2 and 30 becomes (1 + 510) / 2.
  Pixels three(512, 20);
  three[0] = 10;
  three[510] = three[511] = 30;
  Pixels equal(512, 1);
  equal[0] = 0;
  equal[510] = equal[511] = 255;
  EXPECT_EQ(done("equalise", picture({2, 256, 1}, three)).pixels, equal);
  // Counts that go beyond the last step are cut: 256 pixels below the last, step 1.
  Pixels beyond(300, 5);
  std::fill(beyond.begin() + 300 - 44, beyond.end(), std::uint8_t{6});
  EXPECT_EQ(done("equalise", picture({1, 300, 1}, beyond)).pixels.back(), 255);
}

struct Mass {
  double y = 0, x = 0;
  std::uint32_t height = 0, width = 0;  // of the ink
};

Mass mass_of(const Image& image) {
  double sum = 0;
  Mass mass;
  std::uint32_t top = image.shape.height, left = image.shape.width, bottom = 0, right = 0;
  for (std::uint32_t y = 0; y < image.shape.height; ++y) {
    for (std::uint32_t x = 0; x < image.shape.width; ++x) {
      const double value = image.pixels[y * image.shape.width + x];
      sum += value;
      mass.y += value * y;
      mass.x += value * x;
      if (value == 0) continue;
      top = std::min(top, y), bottom = std::max(bottom, y + 1);
      left = std::min(left, x), right = std::max(right, x + 1);
    }
  }
  return {mass.y / sum, mass.x / sum, bottom - top, right - left};
}

TEST(TransformPixels, CentreOfMassIsInTheMiddle) {
  RandomStream stream(5, Purpose::augmentation, 0, 0);
  for (int round = 0; round < 200; ++round) {
    // A blob of strong ink somewhere, with an arm.
    Image image(Shape{60, 90, 1});
    const auto draw = [&](double low, double high) {
      return static_cast<std::uint32_t>(stream.uniform(low, high));
    };
    const std::uint32_t top = draw(0, 20), left = draw(0, 40), height = draw(5, 40), width = draw(5, 50);
    for (std::uint32_t y = 0; y < height; ++y) {
      for (std::uint32_t x = 0; x < width; ++x) {
        if (y < height / 2 || x < width / 3) image.pixels[(top + y) * 90 + left + x] = 200;
      }
    }
    const Image made = done("center_of_mass", image);
    const Mass mass = mass_of(made);
    ASSERT_TRUE(mass.y >= 13.5 && mass.y < 14.5 && mass.x >= 13.5 && mass.x < 14.5)
        << mass.y << " " << mass.x;
    ASSERT_EQ(std::max(mass.height, mass.width), 20u);
    const double longer = std::max(height, width);
    ASSERT_NEAR(mass.height, 20 * height / longer, 0.5);
    ASSERT_NEAR(mass.width, 20 * width / longer, 0.5);
    // What is in its place already stays as it is.
    ASSERT_EQ(done("center_of_mass", made).pixels, made.pixels);
  }
}

TEST(TransformPixels, CentreOfMassOfOddPictures) {
  EXPECT_EQ(done("center_of_mass", Image(Shape{7, 9, 1})).pixels, Image(Shape{28, 28, 1}).pixels);
  Image speck(Shape{100, 1000, 1});
  speck.pixels[0] = speck.pixels[999] = 1;
  EXPECT_EQ(done("center_of_mass", speck).pixels, Image(Shape{28, 28, 1}).pixels);
  // A heavy end would push the tail out: it stays inside, whole.
  Image comet(Shape{1, 20, 1});
  std::fill(comet.pixels.begin(), comet.pixels.end(), std::uint8_t{1});
  comet.pixels[0] = 255;
  const Image made = done("center_of_mass", comet);
  EXPECT_EQ(mass_of(made).width, 20u);
  EXPECT_EQ(made.pixels[14 * 28 + 8], 255);
}

std::uint8_t slow_median(const Image& image, int y, int x, std::uint32_t c, int size) {
  const auto height = static_cast<int>(image.shape.height), width = static_cast<int>(image.shape.width);
  Pixels window;
  for (int dy = -size / 2; dy <= size / 2; ++dy) {
    for (int dx = -size / 2; dx <= size / 2; ++dx) {
      const int at = std::clamp(y + dy, 0, height - 1) * width + std::clamp(x + dx, 0, width - 1);
      window.push_back(image.pixels[static_cast<std::size_t>(at) * image.shape.channels + c]);
    }
  }
  std::sort(window.begin(), window.end());
  return window[window.size() / 2];
}

TEST(TransformPixels, MedianIsTheMiddleOfTheWindow) {
  for (const Shape& shape : {Shape{1, 1, 1}, Shape{9, 14, 3}, Shape{2, 20, 1}, Shape{16, 3, 1}}) {
    for (int size = 3; size <= 15; size += 2) {
      for (const int levels : {2, 256}) {
        const Image image = noise(shape, 11, levels);
        const Image made = done("denoise median " + std::to_string(size), image);
        std::size_t i = 0;
        for (int y = 0; y < static_cast<int>(shape.height); ++y) {
          for (int x = 0; x < static_cast<int>(shape.width); ++x) {
            for (std::uint32_t c = 0; c < shape.channels; ++c)
              ASSERT_EQ(made.pixels[i++], slow_median(image, y, x, c, size)) << size;
          }
        }
      }
    }
  }
}

int reflected(int at, int size) {
  if (size == 1) return 0;
  while (at < 0 || at >= size) at = at < 0 ? -at : 2 * (size - 1) - at;
  return at;
}

// One pixel of "denoise knn", by its definition.
Pixels slow_nearest(const Image& image, int y, int x, const transforms::KnnDenoise& settings) {
  const auto height = static_cast<int>(image.shape.height), width = static_cast<int>(image.shape.width);
  const auto channels = static_cast<std::size_t>(image.shape.channels);
  const int half = static_cast<int>(settings.patch / 2), reach = static_cast<int>(settings.window / 2);
  const auto at = [&](int row, int column, std::size_t c) -> int {
    const int pixel = reflected(row, height) * width + reflected(column, width);
    return image.pixels[static_cast<std::size_t>(pixel) * channels + c];
  };
  std::vector<std::pair<int, int>> candidates;  // distance, position: sorts as the rule says
  for (int v = std::max(0, y - reach); v <= std::min(height - 1, y + reach); ++v) {
    for (int u = std::max(0, x - reach); u <= std::min(width - 1, x + reach); ++u) {
      int distance = 0;
      for (int dy = -half; dy <= half; ++dy) {
        for (int dx = -half; dx <= half; ++dx) {
          for (std::size_t c = 0; c < channels; ++c) {
            const int difference = at(y + dy, x + dx, c) - at(v + dy, u + dx, c);
            distance += difference * difference;
          }
        }
      }
      candidates.emplace_back(distance, v * width + u);
    }
  }
  std::sort(candidates.begin(), candidates.end());
  candidates.resize(std::min<std::size_t>(candidates.size(), settings.count));
  Pixels mean;
  for (std::size_t c = 0; c < channels; ++c) {
    std::size_t sum = 0;
    for (const auto& candidate : candidates)
      sum += image.pixels[static_cast<std::size_t>(candidate.second) * channels + c];
    mean.push_back(static_cast<std::uint8_t>((2 * sum + candidates.size()) / (2 * candidates.size())));
  }
  return mean;
}

TEST(TransformPixels, NearestPatchesAreThoseOfTheDefinition) {
  for (const Shape& shape :
       {Shape{1, 1, 1}, Shape{12, 17, 3}, Shape{40, 9, 1}, Shape{2, 33, 1}, Shape{70, 4, 1}}) {
    // Few levels: many equal distances, so that the rule for them is seen.
    for (const int levels : {3, 256}) {
      const Image image = noise(shape, 12, levels);
      for (const transforms::KnnDenoise& settings :
           {transforms::KnnDenoise{1, 5, 9}, {7, 3, 3}, {10, 5, 21}, {100, 3, 7}, {4, 5, 151}}) {
        const Image made = transform(std::vector<Transform>{settings}, image);
        std::size_t i = 0;
        for (int y = 0; y < static_cast<int>(shape.height); ++y) {
          for (int x = 0; x < static_cast<int>(shape.width); ++x) {
            for (const std::uint8_t expected : slow_nearest(image, y, x, settings))
              ASSERT_EQ(made.pixels[i++], expected) << to_string(shape) << " " << to_text(settings);
          }
        }
      }
    }
  }
}

// So many that fewer rows are worked on at once.
TEST(TransformPixels, ManyNearestPatchesAreThoseOfTheDefinition) {
  const Image image = noise({9, 257, 1}, 12, 256);
  const transforms::KnnDenoise settings{1024, 3, 151};
  const Image made = transform(std::vector<Transform>{settings}, image);
  std::size_t i = 0;
  for (int y = 0; y < 9; ++y) {
    for (int x = 0; x < 257; ++x)
      ASSERT_EQ(made.pixels[i++], slow_nearest(image, y, x, settings)[0]) << y << " " << x;
  }
}

TEST(TransformPixels, NearestPatchesByDefaultComeFromTheWholeOfSmallPictures) {
  const Image small = noise({28, 28, 1}, 6, 3), large = noise({29, 28, 1}, 6, 3);
  EXPECT_EQ(done("denoise knn 9", small).pixels, done("denoise knn 9 5 55", small).pixels);
  EXPECT_EQ(done("denoise knn 9", large).pixels, done("denoise knn 9 5 21", large).pixels);
  EXPECT_NE(done("denoise knn 9", small).pixels, done("denoise knn 9 5 21", small).pixels);
}

}  // namespace
}  // namespace titrate::image
