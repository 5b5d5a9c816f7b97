#include "titrate/prep/montage.hpp"

#include <algorithm>

#include "packed_table.hpp"
#include "titrate/draw/caption.hpp"

namespace titrate::prep {
namespace {

constexpr std::uint32_t kMargin = 4, kGap = 2;

std::uint32_t captions_width(std::size_t characters) {
  return 2 * kMargin + static_cast<std::uint32_t>(characters) * draw::kCaptionAdvance;
}

// Rows "label,level,...": `count` one-coloured pictures of side x side, levels counting from `first`.
std::string flat(const std::string& label, int first, int count, int side) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += label;
    for (int p = 0; p < side * side; ++p) text += "," + std::to_string(first + i);
    text += "\n";
  }
  return text;
}

class Montage : public PackedTable {
 protected:
  // The level in the middle of a cell.
  static int level(const image::Image& sheet, std::size_t characters, std::uint32_t side, std::uint32_t line,
                   std::uint32_t column) {
    const std::uint32_t high = std::max(side, draw::kCaptionHeight) + kGap;
    const std::uint32_t y = kMargin + line * high + side / 2,
                        x = captions_width(characters) + column * (side + kGap) + side / 2;
    return sheet.pixels[std::size_t{y} * sheet.shape.width + x];
  }
};

TEST_F(Montage, SpreadsItsExamplesOverAllImages) {
  const auto manifest = pack_table(flat("a", 0, 40, 9) + flat("b", 100, 3, 9));
  const image::Image sheet = make_montage(dataset(), manifest);
  const std::size_t name = std::string("a real 40").size();
  EXPECT_EQ(sheet.shape,
            (image::Shape{2 * kMargin + 2 * 11 - kGap, captions_width(name) + 16 * 11 - kGap + kMargin, 1}));
  for (std::uint32_t i = 0; i < 16; ++i)
    EXPECT_EQ(level(sheet, name, 9, 0, i), static_cast<int>((i * 40 + 15) / 16)) << i;
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(level(sheet, name, 9, 1, i), static_cast<int>(100 + i));
  EXPECT_EQ(level(sheet, name, 9, 1, 3), 24);
}

TEST_F(Montage, IsAsWideAsItsLongestLine) {
  const auto manifest = pack_table(flat("a", 0, 2, 3) + flat("b", 100, 3, 3));
  const image::Image sheet = make_montage(dataset(), manifest);
  EXPECT_EQ(sheet.shape.width, captions_width(8) + 3 * 5 - kGap + kMargin);
  EXPECT_EQ(sheet.shape.height, 2 * kMargin + 2 * 10 - kGap);
}

TEST_F(Montage, ShrinksLargeImages) {
  const auto manifest = pack_table(flat("a", 7, 2, 1), "transforms = [\"resize 64 200\"]\n");
  const image::Image sheet = make_montage(dataset(), manifest);
  EXPECT_EQ(sheet.shape.height, 2 * kMargin + 20);
  EXPECT_EQ(sheet.shape.width, captions_width(8) + 2 * 66 - kGap + kMargin);
  EXPECT_EQ(sheet.pixels[std::size_t{kMargin + 5} * sheet.shape.width + captions_width(8) + 30], 7);
}

TEST_F(Montage, CutsLongNamesAndCountsCharacters) {
  const auto wide = pack_table(flat(std::string(300, 'x'), 0, 2, 3));
  EXPECT_EQ(make_montage(dataset(), wide).shape.width, captions_width(40 + 7) + 2 * 5 - kGap + kMargin);
  const auto foreign = pack_table(flat("größe😀", 0, 2, 3));
  EXPECT_EQ(make_montage(dataset(), foreign).shape.width, captions_width(6 + 7) + 2 * 5 - kGap + kMargin);
}

TEST_F(Montage, EndsAfter500Lines) {
  std::string text;
  for (int i = 0; i < 600; ++i)
    text += std::to_string(i) + "," + std::to_string(i % 256) + "," + std::to_string(i / 256) + ",0,0\n";
  const image::Image sheet = make_montage(dataset(), pack_table(text));
  EXPECT_EQ(sheet.shape.height, 2 * kMargin + 500 * 10 - kGap);
}

}  // namespace
}  // namespace titrate::prep
