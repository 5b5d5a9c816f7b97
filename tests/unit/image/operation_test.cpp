#include "titrate/image/operation.hpp"

#include <gtest/gtest.h>

#include "titrate/core/error.hpp"
#include "titrate/image/warp.hpp"

namespace titrate::image {
namespace {

Image ramp(std::uint32_t side) {
  Image image(Shape{side, side, 1});
  for (std::size_t i = 0; i < image.pixels.size(); ++i)
    image.pixels[i] = static_cast<std::uint8_t>(i * 7 % 251);
  return image;
}

TEST(Operation, TextFormReadsBack) {
  for (const char* text : {"shift 2", "rotate 10", "zoom 0.9 1.1"}) {
    EXPECT_EQ(to_text(parse_operation(text, "test")), text);
  }
}

TEST(Operation, RefusesBadText) {
  for (const char* text :
       {"", "rotat 10", "rotate", "rotate ten", "rotate 10 20", "rotate 181", "zoom 1.1 0.9", "shift -1"}) {
    EXPECT_THROW(parse_operation(text, "test"), Error) << text;
  }
  try {
    parse_operation("rotat 10", "recipe.toml");
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean \"rotate\""), std::string::npos);
  }
}

TEST(Operation, SameKeySamePicture) {
  const Image image = ramp(28);
  const std::vector<Operation> operations{Rotate{10}, Shift{2}, Zoom{0.9, 1.1}};
  const Image a = apply(operations, image.view(), {1, 2, 0});
  EXPECT_EQ(a.pixels, apply(operations, image.view(), {1, 2, 0}).pixels);
  EXPECT_NE(a.pixels, apply(operations, image.view(), {1, 2, 1}).pixels);
  EXPECT_NE(a.pixels, apply(operations, image.view(), {1, 3, 0}).pixels);
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

}  // namespace
}  // namespace titrate::image
