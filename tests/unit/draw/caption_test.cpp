#include "titrate/draw/caption.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace titrate::draw {
namespace {

// The first channel as lines of text: # where there is a dot.
std::string seen(const image::Image& picture) {
  std::string text;
  for (std::size_t i = 0; i < picture.shape.pixels(); ++i) {
    text += picture.pixels[i * picture.shape.channels] > 0 ? '#' : '.';
    if ((i + 1) % picture.shape.width == 0) text += '\n';
  }
  return text;
}

std::string written(const std::string& text, const image::Shape& shape, std::uint32_t top = 0,
                    std::uint32_t left = 0) {
  image::Image picture(shape);
  write_caption(picture, text, top, left);
  return seen(picture);
}

TEST(Caption, IsDotsOnAGridOf6By8) {
  EXPECT_EQ(written("1F", {9, 13, 1}, 1, 1),
            ".............\n"
            "...#...#####.\n"
            "..##...#.....\n"
            "...#...#.....\n"
            "...#...####..\n"
            "...#...#.....\n"
            "...#...#.....\n"
            "..###..#.....\n"
            ".............\n");
}

TEST(Caption, SmallLettersLookLikeCapitalOnes) {
  EXPECT_EQ(written("az", {8, 12, 1}), written("AZ", {8, 12, 1}));
}

TEST(Caption, WhatHasNoFormIsABox) {
  const std::string box = written("~", {8, 6, 1});
  EXPECT_EQ(box.substr(0, 14), "#####.\n#...#.\n");
  EXPECT_EQ(written("\x01", {8, 6, 1}), box);
  EXPECT_EQ(written("\xc3", {8, 6, 1}), box);
}

TEST(Caption, EveryCharacterOfACountHasAFormOfItsOwn) {
  std::vector<std::string> forms;
  for (const char c : std::string("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ#-_.,:/()+=!?&% ~"))
    forms.push_back(written({c}, {8, 6, 1}));
  std::sort(forms.begin(), forms.end());
  EXPECT_EQ(std::adjacent_find(forms.begin(), forms.end()), forms.end());
}

TEST(Caption, IsCutOffAtTheEdges) {
  EXPECT_EQ(written("8", {3, 3, 1}, 1, 1), "...\n..#\n.#.\n");
  EXPECT_EQ(written("88", {2, 2, 1}, 5, 0), "..\n..\n");
  EXPECT_EQ(written("88", {2, 2, 1}, 0, 9), "..\n..\n");
}

TEST(Caption, GivesEveryChannelItsLevel) {
  image::Image picture(image::Shape{1, 3, 3});
  std::fill(picture.pixels.begin(), picture.pixels.end(), std::uint8_t{9});
  write_caption(picture, "I", 0, 0, 200);
  EXPECT_EQ(picture.pixels, (std::vector<std::uint8_t>{9, 9, 9, 200, 200, 200, 200, 200, 200}));
}

}  // namespace
}  // namespace titrate::draw
