#include "titrate/image/warp.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "titrate/core/random.hpp"

namespace titrate::image {
namespace {

Image ramp(const Shape& shape) {
  Image image(shape);
  for (std::size_t i = 0; i < image.pixels.size(); ++i)
    image.pixels[i] = static_cast<std::uint8_t>(i * 7 % 251);
  return image;
}
Image ramp(std::uint32_t side) { return ramp(Shape{side, side, 1}); }

// Plain doubles, a pixel at a time.
Image reference(const View& view, const Projection& p) {
  const int height = static_cast<int>(view.shape.height), width = static_cast<int>(view.shape.width);
  const int channels = static_cast<int>(view.shape.channels);
  const auto at = [&](int y, int x, int c) -> double {
    const bool inside = y >= 0 && y < height && x >= 0 && x < width;
    return inside ? view.pixels[static_cast<std::size_t>((y * width + x) * channels + c)] : 0;
  };
  Image result(view.shape);
  auto out = result.pixels.begin();
  for (int row = 0; row < height; ++row) {
    for (int column = 0; column < width; ++column) {
      const double dx = column - (width - 1) / 2.0, dy = row - (height - 1) / 2.0;
      const double w = p.wx * dx + p.wy * dy + p.w0;
      const double x = (p.xx * dx + p.xy * dy + p.x0) / w + (width - 1) / 2.0;
      const double y = (p.yx * dx + p.yy * dy + p.y0) / w + (height - 1) / 2.0;
      const bool far = w <= 0 || !(x > -2 && x < width + 1 && y > -2 && y < height + 1);
      const int left = far ? -2 : static_cast<int>(std::floor(x));
      const int top = far ? -2 : static_cast<int>(std::floor(y));
      const double u = x - left, v = y - top;
      for (int c = 0; c < channels; ++c) {
        const double upper = at(top, left, c) * (1 - u) + at(top, left + 1, c) * u;
        const double lower = at(top + 1, left, c) * (1 - u) + at(top + 1, left + 1, c) * u;
        *out++ = far ? 0 : static_cast<std::uint8_t>(upper * (1 - v) + lower * v + 0.5);
      }
    }
  }
  return result;
}

int largest_difference(const Image& a, const Image& b) {
  int largest = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i)
    largest = std::max(largest, std::abs(a.pixels[i] - b.pixels[i]));
  return largest;
}

Projection tilt(double share, const Shape& shape) {
  const double x = shape.width / 2.0, y = shape.height / 2.0;
  return perspective_to(
      {Point{-x * (1 - share), -y}, Point{x, -y * (1 - share / 2)}, Point{x, y}, Point{-x, y * (1 - share)}},
      shape);
}

TEST(Warp, IdentityAndWholeShiftsAreExact) {
  const Image image = ramp(9);
  EXPECT_EQ(warp(image.view(), {}).pixels, image.pixels);
  const Image moved = warp(image.view(), shift_by(2, 1));
  for (std::size_t y = 0; y < 9; ++y) {
    for (std::size_t x = 0; x < 9; ++x) {
      const int expected = y >= 1 && x >= 2 ? image.pixels[(y - 1) * 9 + x - 2] : 0;
      ASSERT_EQ(moved.pixels[y * 9 + x], expected) << x << "," << y;
    }
  }
}

TEST(Warp, QuarterTurnsAreExact) {
  const Image image = ramp(8);
  const Image turned = warp(image.view(), rotate_by(90));
  for (std::size_t y = 0; y < 8; ++y) {
    for (std::size_t x = 0; x < 8; ++x) ASSERT_EQ(turned.pixels[y * 8 + x], image.pixels[x * 8 + 7 - y]);
  }
  Image back = turned;
  for (int i = 0; i < 3; ++i) back = warp(back.view(), rotate_by(90));
  EXPECT_EQ(back.pixels, image.pixels);
  EXPECT_EQ(warp(image.view(), rotate_by(-270)).pixels, turned.pixels);
}

TEST(Warp, TurnsKeepTheCanvasOfPicturesThatAreNotSquare) {
  const Image image = ramp(Shape{4, 6, 3});
  const Image half = warp(image.view(), rotate_by(180));
  for (std::size_t i = 0; i < 24; ++i)
    for (std::size_t c = 0; c < 3; ++c) ASSERT_EQ(half.pixels[i * 3 + c], image.pixels[(23 - i) * 3 + c]);
  // The middle 4 x 4 turns; what the narrower side cannot fill is 0.
  const Image turned = warp(image.view(), rotate_by(90));
  for (std::size_t y = 0; y < 4; ++y) {
    for (std::size_t x = 0; x < 6; ++x) {
      for (std::size_t c = 0; c < 3; ++c) {
        const bool filled = x >= 1 && x < 5;
        const int expected = filled ? image.pixels[((x - 1) * 6 + 1 + (3 - y)) * 3 + c] : 0;
        ASSERT_EQ(turned.pixels[(y * 6 + x) * 3 + c], expected) << x << "," << y;
      }
    }
  }
}

TEST(Warp, FlipsAreExact) {
  const Image image = ramp(Shape{5, 8, 2});
  const Image across = warp(image.view(), flip_horizontal()), down = warp(image.view(), flip_vertical());
  for (std::size_t y = 0; y < 5; ++y) {
    for (std::size_t x = 0; x < 16; ++x) {
      ASSERT_EQ(across.pixels[y * 16 + x], image.pixels[y * 16 + (7 - x / 2) * 2 + x % 2]);
      ASSERT_EQ(down.pixels[y * 16 + x], image.pixels[(4 - y) * 16 + x]);
    }
  }
}

TEST(Warp, WholeMovesAndFlipsTogetherAreExact) {
  for (const std::uint32_t channels : {1u, 2u, 3u}) {
    const Image image = ramp(Shape{6, 9, channels});
    for (const double x : {-20.0, -9.0, -8.0, -3.0, 0.0, 1.0, 5.0, 9.0, 20.0}) {
      for (const double y : {-7.0, -5.0, 0.0, 2.0, 6.0}) {
        for (const Projection& flip : {Projection{}, flip_horizontal(), flip_vertical(), rotate_by(180)}) {
          const Projection p = then(flip, shift_by(x, y));
          const Image moved = warp(image.view(), p);
          ASSERT_EQ(moved.pixels, reference(image.view(), p).pixels) << channels << " " << x << " " << y;
          Image in_place = image;
          AugmentScratch scratch;
          warp(in_place.view(), p, in_place.pixels, scratch);
          ASSERT_EQ(in_place.pixels, moved.pixels);
        }
      }
    }
  }
}

TEST(Warp, MovesAreAppliedInOrder) {
  const Image image = ramp(9);
  const Image two_steps = warp(warp(image.view(), shift_by(1, 0)).view(), rotate_by(90));
  const Image one_step = warp(image.view(), then(shift_by(1, 0), rotate_by(90)));
  EXPECT_EQ(one_step.pixels, two_steps.pixels);
}

TEST(Warp, BilinearHalfwayIsTheMean) {
  Image image(Shape{1, 3, 1});
  image.pixels = {0, 100, 200};
  EXPECT_EQ(warp(image.view(), shift_by(0.5, 0)).pixels, (std::vector<std::uint8_t>{0, 50, 150}));
}

TEST(Warp, WhatIsAboveTheCentreIsShearedToTheRight) {
  Image image(Shape{5, 5, 1});
  image.pixels[2] = 255;
  // tan(45) pixels for each row away from the centre.
  EXPECT_NEAR(warp(image.view(), shear_by(45)).pixels[4], 255, 1);
}

TEST(Warp, PerspectiveBringsCornersWhereTheyBelong) {
  const Shape shape{40, 60, 1};
  const std::array<Point, 4> corners{Point{-25, -18}, Point{28, -12}, Point{20, 15}, Point{-30, 20}};
  const std::array<Point, 4> from{Point{-30, -20}, Point{30, -20}, Point{30, 20}, Point{-30, 20}};
  const Projection p = perspective_to(corners, shape);
  for (std::size_t i = 0; i < 4; ++i) {
    const double w = p.wx * corners[i].x + p.wy * corners[i].y + p.w0;
    EXPECT_GT(w, 0);
    EXPECT_NEAR((p.xx * corners[i].x + p.xy * corners[i].y + p.x0) / w, from[i].x, 1e-9);
    EXPECT_NEAR((p.yx * corners[i].x + p.yy * corners[i].y + p.y0) / w, from[i].y, 1e-9);
  }
  EXPECT_EQ(perspective_to({Point{0, 0}, Point{0, 0}, Point{0, 0}, Point{0, 0}}, shape), Projection{});
}

TEST(Warp, AgreesWithDoublesWithinOneLevel) {
  RandomStream stream(3, Purpose::test);
  for (const Shape& shape : {Shape{28, 28, 1}, Shape{64, 64, 3}, Shape{1, 1, 1}, Shape{1, 17, 1},
                             Shape{33, 5, 4}, Shape{3, 1500, 1}, Shape{1300, 2, 2}, Shape{31, 127, 3}}) {
    Image image(shape);
    for (std::uint8_t& pixel : image.pixels) pixel = stream.next() % 2 != 0 ? 255 : 0;  // the steepest edges
    for (int i = 0; i < 30; ++i) {
      Projection p = then(rotate_by(stream.uniform(-180, 180)), zoom_by(stream.uniform(0.5, 2)));
      p = then(
          p, then(shear_by(stream.uniform(-40, 40)), shift_by(stream.uniform(-9, 9), stream.uniform(-9, 9))));
      if (i % 3 == 0) p = then(p, tilt(stream.uniform(0, 0.6), shape));
      if (i % 5 == 0) p = then(p, flip_vertical());
      ASSERT_LE(largest_difference(warp(image.view(), p), reference(image.view(), p)), 1)
          << to_string(shape) << " " << i;
    }
  }
}

TEST(Warp, FarOutsideIsBlackAndDefined) {
  Image image(Shape{8, 8, 1});
  std::fill(image.pixels.begin(), image.pixels.end(), 255);
  const std::vector<std::uint8_t> black(64, 0);
  EXPECT_EQ(warp(image.view(), shift_by(1e9, 0)).pixels, black);
  EXPECT_EQ(warp(image.view(), shift_by(0, -1e30)).pixels, black);
  EXPECT_EQ(warp(image.view(), {.x0 = NAN, .y0 = NAN}).pixels, black);
  EXPECT_EQ(warp(image.view(), {.w0 = -1}).pixels, black);
}

TEST(Warp, MayWorkInPlace) {
  const Image image = ramp(Shape{40, 40, 3});
  const Projection turn = rotate_by(33);
  Image in_place = image;
  AugmentScratch scratch;
  warp(in_place.view(), turn, in_place.pixels, scratch);
  EXPECT_EQ(in_place.pixels, warp(image.view(), turn).pixels);
}

}  // namespace
}  // namespace titrate::image
