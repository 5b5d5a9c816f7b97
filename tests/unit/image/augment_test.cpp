// What operation.hpp says that apply() draws and does.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <thread>

#include "titrate/core/random.hpp"
#include "titrate/image/operation.hpp"

namespace titrate::image {
namespace {

Image textured(const Shape& shape) {
  Image image(shape);
  RandomStream stream(7, Purpose::test);
  for (std::size_t i = 0; i < image.pixels.size(); ++i)
    image.pixels[i] = static_cast<std::uint8_t>((i * 7 % 200) + stream.below(50));
  return image;
}

Image flat(const Shape& shape, std::uint8_t level) {
  Image image(shape);
  std::fill(image.pixels.begin(), image.pixels.end(), level);
  return image;
}

std::vector<Operation> list(const std::vector<const char*>& texts) {
  std::vector<Operation> operations;
  for (const char* text : texts) operations.push_back(parse_operation(text, "test"));
  return operations;
}

std::vector<std::uint8_t> applied(const std::vector<const char*>& texts, const Image& image,
                                  const AugmentKey& key) {
  return apply(list(texts), image.view(), key).pixels;
}

const std::vector<const char*> kEveryOperation{"shift 2",
                                               "rotate 10",
                                               "flip horizontal",
                                               "zoom 0.9 1.1",
                                               "shear 10",
                                               "perspective 0.3",
                                               "elastic 34 4",
                                               "erase 0.05 0.2",
                                               "brightness 0.8 1.2",
                                               "contrast 0.8 1.2",
                                               "gamma 0.8 1.2",
                                               "blur 0.2 1",
                                               "sharpen 0 1",
                                               "noise gaussian 0 0.1",
                                               "noise speckle 0 0.2",
                                               "noise uniform 0 0.1",
                                               "noise salt_pepper 0 0.1"};

// Draw `index` (from 1) of place `place`, as operation.hpp's lists are drawn.
double drawn(const AugmentKey& key, std::uint32_t place, std::uint32_t index, double low, double high) {
  const RandomStream stream(key.seed, Purpose::augmentation, key.sample, key.epoch);
  return low + (high - low) * (stream.block(place * 4 + index / 4)[index % 4] * 0x1p-32);
}

std::vector<double> uniform_field(const AugmentKey& key, std::uint32_t place, const Shape& shape,
                                  std::uint32_t first_block) {
  const RandomStream stream(hash_words(key.seed, place), Purpose::augmentation_field, key.sample, key.epoch);
  std::vector<double> field;
  for (std::uint32_t i = 0; i < shape.pixels(); ++i) {
    const std::uint32_t word = stream.block(first_block + i / 8)[i / 2 % 4];
    field.push_back(((i % 2 != 0 ? word >> 16 : word & 0xFFFF) - 32768.0) / 32768);
  }
  return field;
}

// One axis after the other in doubles; outside is 0 or the nearest pixel.
std::vector<double> smoothed(std::vector<double> plane, const Shape& shape, double sigma, bool edge) {
  const int reach = static_cast<int>(std::ceil(3 * sigma));
  const int height = static_cast<int>(shape.height), width = static_cast<int>(shape.width);
  double total = 0;
  for (int k = -reach; k <= reach; ++k) total += std::exp(-k * k / (2 * sigma * sigma));
  for (const bool across : {true, false}) {
    std::vector<double> next(plane.size());
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        double sum = 0;
        for (int k = -reach; k <= reach; ++k) {
          int at_y = across ? y : y + k, at_x = across ? x + k : x;
          const bool inside = at_y >= 0 && at_y < height && at_x >= 0 && at_x < width;
          if (!inside && !edge) continue;
          at_y = std::clamp(at_y, 0, height - 1);
          at_x = std::clamp(at_x, 0, width - 1);
          sum += std::exp(-k * k / (2 * sigma * sigma)) / total *
                 plane[static_cast<std::size_t>(at_y * width + at_x)];
        }
        next[static_cast<std::size_t>(y * width + x)] = sum;
      }
    }
    plane = next;
  }
  return plane;
}

void expect_near(const std::vector<std::uint8_t>& found, const std::vector<double>& exact) {
  ASSERT_EQ(found.size(), exact.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    ASSERT_NEAR(found[i], std::floor(std::clamp(exact[i], 0.0, 255.0) + 0.5), 1) << i;
}

TEST(Augment, IsAFunctionOfItsKey) {
  for (const Shape& shape : {Shape{28, 28, 1}, Shape{20, 33, 3}}) {
    const Image image = textured(shape);
    for (const char* text : kEveryOperation) {
      const auto first = applied({text}, image, {1, 2, 0});
      EXPECT_EQ(first, applied({text}, image, {1, 2, 0})) << text;
      if (std::string(text).starts_with("flip")) continue;
      EXPECT_NE(first, applied({text}, image, {1, 2, 1})) << text;
      EXPECT_NE(first, applied({text}, image, {1, 3, 0})) << text;
      EXPECT_NE(first, applied({text}, image, {2, 2, 0})) << text;
    }
  }
}

TEST(Augment, ThreadsAndOrderDoNotMatter) {
  const Image image = textured({28, 28, 1});
  const auto operations = list(kEveryOperation);
  std::vector<std::vector<std::uint8_t>> expected, found(64);
  for (std::uint64_t sample = 0; sample < 64; ++sample)
    expected.push_back(apply(operations, image.view(), {5, sample, 1}).pixels);
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      AugmentScratch scratch;
      for (std::uint64_t sample = 64; sample-- > 0;) {
        if (sample % 4 != t) continue;
        found[sample].resize(image.pixels.size());
        apply(operations, image.view(), {5, sample, 1}, found[sample], scratch);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(found, expected);
}

TEST(Augment, MayWorkInPlace) {
  AugmentScratch scratch;
  for (const char* text : kEveryOperation) {
    const Image image = textured({19, 30, 3});
    Image in_place = image;
    apply(list({text}), in_place.view(), {1, 2, 3}, in_place.pixels, scratch);
    EXPECT_EQ(in_place.pixels, applied({text}, image, {1, 2, 3})) << text;
  }
  const Image image = textured({19, 30, 3});
  EXPECT_EQ(applied({}, image, {1, 2, 3}), image.pixels);
  EXPECT_TRUE(applied(kEveryOperation, Image(Shape{0, 0, 1}), {}).empty());
}

TEST(Augment, ProbabilityIsDrawnForEachPicture) {
  const Image image = textured({8, 8, 1});
  for (const char* text : kEveryOperation) {
    const Operation always = parse_operation(text, "test");
    int changed = 0;
    for (std::uint64_t sample = 0; sample < 1000; ++sample) {
      const AugmentKey key{9, sample, 0};
      const auto whole = apply(std::vector{always}, image.view(), key).pixels;
      const auto half = apply(std::vector{Operation(always.change, 0.5)}, image.view(), key).pixels;
      const bool done = drawn(key, 0, 0, 0, 1) < 0.5;
      changed += done ? 1 : 0;
      ASSERT_EQ(half, done ? whole : image.pixels) << text << sample;
      ASSERT_EQ(apply(std::vector{Operation(always.change, 0)}, image.view(), key).pixels, image.pixels);
    }
    EXPECT_NEAR(changed, 500, 60) << text;
  }
}

TEST(Augment, LaterOperationsLeaveEarlierDraws) {
  const Image image = textured({28, 28, 1});
  for (const char* text : kEveryOperation) {
    const auto alone = applied({text}, image, {1, 2, 3});
    EXPECT_EQ(applied({text, "rotate 90 p=0"}, image, {1, 2, 3}), alone) << text;
    EXPECT_EQ(applied({text, "brightness 1 1"}, image, {1, 2, 3}), alone) << text;
    // Another place in the list has other draws; a flip draws nothing.
    const bool same = applied({"brightness 1 1", text}, image, {1, 2, 3}) == alone;
    EXPECT_EQ(same, std::string(text).starts_with("flip")) << text;
    // Of what an erasure leaves, nothing is drawn anew.
    const auto erased = applied({text, "erase 0.1 0.1"}, image, {1, 2, 3});
    std::size_t gone = 0;
    for (std::size_t i = 0; i < erased.size(); ++i) {
      if (erased[i] == alone[i]) continue;
      ASSERT_EQ(erased[i], 0) << text;
      ++gone;
    }
    EXPECT_LE(static_cast<double>(gone), 0.13 * 28 * 28) << text;
    EXPECT_GE(static_cast<double>(gone), 0.03 * 28 * 28) << text;
  }
}

TEST(Augment, MovesAreDrawnInTheirRangesAndJoined) {
  const Image image = textured({28, 28, 1});
  for (std::uint64_t sample = 0; sample < 20; ++sample) {
    const AugmentKey key{4, sample, 1};
    Projection p = rotate_by(drawn(key, 0, 1, 5, 25));
    const double right = drawn(key, 1, 1, -2, 2);
    p = then(p, shift_by(right, drawn(key, 1, 2, -2, 2)));
    p = then(p, zoom_by(drawn(key, 2, 1, 0.8, 1.2)));
    p = then(p, flip_horizontal());
    p = then(p, shear_by(drawn(key, 4, 1, -10, 10)));
    std::array<Point, 4> corners{Point{-14, -14}, Point{14, -14}, Point{14, 14}, Point{-14, 14}};
    for (std::uint32_t i = 0; i < 4; ++i) {
      corners[i].x *= 1 - drawn(key, 5, 2 * i + 1, 0, 0.4);
      corners[i].y *= 1 - drawn(key, 5, 2 * i + 2, 0, 0.4);
    }
    p = then(p, perspective_to(corners, image.shape));
    EXPECT_EQ(
        applied({"rotate 5 25", "shift 2", "zoom 0.8 1.2", "flip horizontal", "shear 10", "perspective 0.4"},
                image, key),
        warp(image.view(), p).pixels);
  }
}

TEST(Augment, WholeShiftsCopyPixels) {
  const Image image = textured({9, 12, 3});
  std::vector<int> seen(25);
  for (std::uint64_t sample = 0; sample < 1000; ++sample) {
    const AugmentKey key{6, sample, 0};
    const int right = static_cast<int>(std::floor(drawn(key, 0, 1, -2, 3)));
    const int down = static_cast<int>(std::floor(drawn(key, 0, 2, -2, 3)));
    ++seen[static_cast<std::size_t>((down + 2) * 5 + right + 2)];
    Image expected(image.shape);
    for (int y = 0; y < 9; ++y) {
      for (int x = 0; x < 36; ++x) {
        const int from_y = y - down, from_x = x - 3 * right;
        if (from_y >= 0 && from_y < 9 && from_x >= 0 && from_x < 36)
          expected.pixels[static_cast<std::size_t>(y * 36 + x)] =
              image.pixels[static_cast<std::size_t>(from_y * 36 + from_x)];
      }
    }
    ASSERT_EQ(applied({"shift 2 whole"}, image, key), expected.pixels) << right << " " << down;
  }
  for (const int times : seen) EXPECT_NEAR(times, 40, 30);
}

TEST(Augment, RangesOfElasticAndPerspectiveAreDrawn) {
  const Image image = textured({28, 28, 1});
  for (std::uint64_t sample = 0; sample < 20; ++sample) {
    const AugmentKey key{4, sample, 1};
    const Operation drawn_alpha = Elastic(drawn(key, 0, 1, 5, 60), 4);
    EXPECT_EQ(applied({"elastic 5 60 4"}, image, key),
              apply(std::vector{drawn_alpha}, image.view(), key).pixels);
    std::array<Point, 4> corners{Point{-14, -14}, Point{14, -14}, Point{14, 14}, Point{-14, 14}};
    for (std::uint32_t i = 0; i < 4; ++i) {
      corners[i].x *= 1 - drawn(key, 0, 2 * i + 1, 0.1, 0.4);
      corners[i].y *= 1 - drawn(key, 0, 2 * i + 2, 0.1, 0.4);
    }
    EXPECT_EQ(applied({"perspective 0.1 0.4"}, image, key),
              warp(image.view(), perspective_to(corners, image.shape)).pixels);
  }
  EXPECT_EQ(applied({"elastic 34 34 4"}, image, {1, 2, 3}), applied({"elastic 34 4"}, image, {1, 2, 3}));
  EXPECT_EQ(applied({"perspective 0 0.3"}, image, {1, 2, 3}), applied({"perspective 0.3"}, image, {1, 2, 3}));
}

TEST(Augment, HalfTurnsAndFlipsAreExact) {
  const Image image = textured({28, 20, 3});
  const auto half = applied({"rotate 180 180"}, image, {1, 2, 3});
  EXPECT_EQ(half, applied({"flip horizontal", "flip vertical"}, image, {1, 2, 3}));
  EXPECT_NE(half, image.pixels);
  EXPECT_EQ(applied({"rotate 180 180", "rotate 90 90", "rotate 90 90"}, image, {1, 2, 3}), image.pixels);
  EXPECT_EQ(applied({"rotate 180 180", "blur 0 0", "rotate 180 180"}, image, {1, 2, 3}), image.pixels);
}

TEST(Augment, ElasticIsSmoothedNoise) {
  for (const double sigma : {0.5, 3.0, 20.0}) {
    for (const Shape& shape : {Shape{28, 28, 1}, Shape{7, 50, 1}, Shape{35, 11, 1}}) {
      const Image image = textured(shape);
      const AugmentKey key{3, 4, 5};
      const auto blocks = static_cast<std::uint32_t>((shape.pixels() + 7) / 8);
      const auto dx = smoothed(uniform_field(key, 0, shape, 0), shape, sigma, false);
      const auto dy = smoothed(uniform_field(key, 0, shape, blocks), shape, sigma, false);
      const int width = static_cast<int>(shape.width), height = static_cast<int>(shape.height);
      const auto at = [&](int y, int x) -> double {
        const bool inside = y >= 0 && x >= 0 && y < height && x < width;
        return inside ? image.pixels[static_cast<std::size_t>(y * width + x)] : 0;
      };
      std::vector<double> exact;
      for (int i = 0; i < width * height; ++i) {
        const double x = i % width + 15 * sigma * dx[static_cast<std::size_t>(i)];
        const double y = i / width + 15 * sigma * dy[static_cast<std::size_t>(i)];
        const int left = static_cast<int>(std::floor(x)), top = static_cast<int>(std::floor(y));
        const double u = x - left, v = y - top;
        exact.push_back((at(top, left) * (1 - u) + at(top, left + 1) * u) * (1 - v) +
                        (at(top + 1, left) * (1 - u) + at(top + 1, left + 1) * u) * v);
      }
      const Operation elastic = Elastic{15 * sigma, sigma};
      expect_near(apply(std::vector{elastic}, image.view(), key).pixels, exact);
    }
  }
}

TEST(Augment, ElasticOfAWideKernelAndOfWidePicturesIsDefined) {
  for (const Shape& shape : {Shape{1, 1, 1}, Shape{5, 3, 3}, Shape{2, 1500, 1}}) {
    const Image image = flat(shape, 0);
    EXPECT_EQ(applied({"elastic 1000 100"}, image, {1, 2, 3}), image.pixels);
  }
}

TEST(Augment, EraseTakesItsShareInsideThePicture) {
  for (const Shape& shape : {Shape{28, 28, 1}, Shape{40, 100, 3}, Shape{3, 200, 1}, Shape{1, 1, 1}}) {
    const Image image = flat(shape, 200);
    bool last_row = false, last_column = false;
    for (std::uint64_t sample = 0; sample < 300; ++sample) {
      const auto found = applied({"erase 0.1 0.3"}, image, {1, sample, 0});
      const auto gone = static_cast<double>(std::count(found.begin(), found.end(), 0));
      const double share = gone / static_cast<double>(found.size());
      const double slack = shape.pixels() == 1 ? 1 : shape.height == 3 ? 0.02 : 0.03;
      ASSERT_GE(share, 0.1 - slack) << to_string(shape);
      ASSERT_LE(share, 0.3 + slack) << to_string(shape);
      const std::size_t row = std::size_t{shape.width} * shape.channels;
      last_row = last_row || std::count(found.end() - static_cast<std::ptrdiff_t>(row), found.end(), 0) > 0;
      for (std::size_t y = 1; y <= shape.height; ++y) last_column = last_column || found[y * row - 1] == 0;
    }
    EXPECT_TRUE(last_row && last_column) << to_string(shape);
  }
  const Image image = flat({9, 9, 1}, 200);
  EXPECT_EQ(applied({"erase 1 1"}, image, {1, 2, 3}), std::vector<std::uint8_t>(81, 0));
}

TEST(Augment, LevelsAreDrawnInTheirRanges) {
  const Image image = flat({4, 4, 1}, 100);
  double least = 255, most = 0;
  for (std::uint64_t sample = 0; sample < 500; ++sample) {
    const double level = applied({"brightness 0.5 1.5"}, image, {1, sample, 0})[0];
    least = std::min(least, level);
    most = std::max(most, level);
  }
  EXPECT_NEAR(least, 50, 1);
  EXPECT_NEAR(most, 150, 1);
}

TEST(Augment, BrightnessContrastAndGammaFollowTheirFormulas) {
  for (const Shape& shape : {Shape{16, 17, 1}, Shape{16, 16, 3}, Shape{5, 7, 3}, Shape{3, 3, 2}}) {
    Image image(shape);
    for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(i);
    double mean = 0;
    const double weights[3]{0.299, 0.587, 0.114};
    for (std::size_t i = 0; i < image.pixels.size(); ++i)
      mean += image.pixels[i] * (shape.channels == 3 ? weights[i % 3] : 1);
    mean /= static_cast<double>(shape.channels == 3 ? shape.pixels() : shape.bytes());
    std::vector<double> brighter, starker, darker;
    for (const double v : image.pixels) {
      brighter.push_back(v * 1.7);
      starker.push_back(mean + (v - mean) * 1.6);
      darker.push_back(255 * std::pow(v / 255, 2.2));
    }
    expect_near(applied({"brightness 1.7 1.7"}, image, {}), brighter);
    expect_near(applied({"contrast 1.6 1.6"}, image, {}), starker);
    expect_near(applied({"gamma 2.2 2.2"}, image, {}), darker);
    for (const char* nothing : {"brightness 1 1", "contrast 1 1", "gamma 1 1", "blur 0 0", "sharpen 0 0"})
      EXPECT_EQ(applied({nothing}, image, {}), image.pixels) << nothing;
  }
}

TEST(Augment, GammaKeepsBlackAndWhite) {
  Image image(Shape{1, 2, 1});
  image.pixels = {0, 255};
  for (const char* text : {"gamma 0.05 0.05", "gamma 20 20", "gamma 0.5 2"})
    EXPECT_EQ(applied({text}, image, {}), image.pixels) << text;
}

TEST(Augment, BlurAndSharpenFollowTheirFormulas) {
  for (const Shape& shape : {Shape{23, 37, 1}, Shape{4, 90, 1}, Shape{33, 1, 1}}) {
    const Image image = textured(shape);
    const std::vector<double> plane(image.pixels.begin(), image.pixels.end());
    expect_near(applied({"blur 1.5 1.5"}, image, {}), smoothed(plane, shape, 1.5, true));
    std::vector<double> sharp = smoothed(plane, shape, 1, true);
    for (std::size_t i = 0; i < plane.size(); ++i) sharp[i] = plane[i] + 0.7 * (plane[i] - sharp[i]);
    expect_near(applied({"sharpen 0.7 0.7"}, image, {}), sharp);
  }
  EXPECT_EQ(applied({"blur 100 100"}, flat({3, 50, 3}, 77), {}), flat({3, 50, 3}, 77).pixels);
}

TEST(Augment, ChannelsAreTreatedAlike) {
  const Image grey = textured({26, 31, 1});
  for (const std::uint32_t channels : {2u, 3u, 4u}) {
    Image copies(Shape{26, 31, channels});
    for (std::size_t i = 0; i < copies.pixels.size(); ++i) copies.pixels[i] = grey.pixels[i / channels];
    for (const char* text : {"rotate 10", "perspective 0.3", "elastic 34 4", "erase 0.1 0.2",
                             "brightness 0.5 2", "gamma 0.5 2", "blur 0.5 1", "sharpen 0 1"}) {
      const auto one = applied({text}, grey, {1, 2, 3}), several = applied({text}, copies, {1, 2, 3});
      for (std::size_t i = 0; i < several.size(); ++i) ASSERT_EQ(several[i], one[i / channels]) << text;
    }
  }
}

TEST(Augment, NoiseDiffersFromPlaceToPlaceAndEpochToEpoch) {
  const Image image = flat({28, 28, 1}, 128);
  EXPECT_NE(applied({"noise gaussian 0.1 0.1"}, image, {1, 2, 0}),
            applied({"noise gaussian 0.1 0.1"}, image, {1, 2, 1}));
  EXPECT_NE(applied({"noise gaussian 0.1 0.1"}, image, {1, 2, 0}),
            applied({"noise gaussian 0 0", "noise gaussian 0.1 0.1"}, image, {1, 2, 0}));
}

// FNV-1a of everything at once. Another value means that datasets packed before differ from those packed now.
TEST(Augment, TheSameBitsOnEveryMachine) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const Shape& shape : {Shape{28, 28, 1}, Shape{33, 70, 3}}) {
    const Image image = textured(shape);
    for (std::uint64_t sample = 0; sample < 20; ++sample) {
      for (const char* text : kEveryOperation)
        for (const std::uint8_t pixel : applied({text}, image, {11, sample, 2}))
          hash = (hash ^ pixel) * 0x100000001B3;
      for (const std::uint8_t pixel : applied(kEveryOperation, image, {11, sample, 2}))
        hash = (hash ^ pixel) * 0x100000001B3;
    }
  }
  EXPECT_EQ(hash, 13634296792128433858u);
}

}  // namespace
}  // namespace titrate::image
