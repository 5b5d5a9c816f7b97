#include "titrate/image/transform.hpp"

#include <gtest/gtest.h>

#include "support/outcome.hpp"
#include "titrate/core/random.hpp"

namespace titrate::image {
namespace {

std::vector<Transform> parse(const std::vector<std::string>& texts) {
  std::vector<Transform> list;
  for (const std::string& text : texts) list.push_back(parse_transform(text, "test"));
  return list;
}

Shape after(const std::vector<std::string>& texts, const Shape& shape) {
  return shape_after(parse(texts), shape, "recipe.toml: [images]");
}

Image noise(const Shape& shape, std::uint64_t seed) {
  Image image(shape);
  RandomStream stream(seed, Purpose::augmentation, 0, 0);
  for (auto& pixel : image.pixels) pixel = static_cast<std::uint8_t>(stream.uniform(0, 256));
  return image;
}

TEST(Transform, TextFormReadsBack) {
  for (const char* text : {"grey",
                           "rgb",
                           "resize 28",
                           "resize 28 32",
                           "resize 28 fit",
                           "resize 28 32 cover",
                           "crop 20",
                           "crop 20 24",
                           "crop 20 20 1 2",
                           "pad 2",
                           "pad 2 255",
                           "invert",
                           "center_of_mass",
                           "center_of_mass 16 24",
                           "equalise",
                           "patches 2 3",
                           "denoise median 5",
                           "denoise knn 10",
                           "denoise knn 10 3",
                           "denoise knn 10 5 21"}) {
    const Transform transform = parse_transform(text, "test");
    EXPECT_EQ(to_text(transform), text);
    EXPECT_EQ(parse_transform(to_text(transform), "test"), transform);
  }
}

TEST(Transform, TheShortestTextIsWritten) {
  EXPECT_EQ(to_text(parse_transform("  resize  28 28 ", "test")), "resize 28");
  EXPECT_EQ(to_text(parse_transform("crop 8 8", "test")), "crop 8");
  EXPECT_EQ(to_text(parse_transform("pad 2 0", "test")), "pad 2");
  EXPECT_EQ(to_text(parse_transform("center_of_mass 20 28", "test")), "center_of_mass");
  EXPECT_EQ(to_text(parse_transform("denoise knn 10 5", "test")), "denoise knn 10");
}

TEST(Transform, RefusesBadText) {
  for (const char* text : {"",
                           "gray 2",
                           "grey 1",
                           "resize",
                           "resize fit",
                           "resize 0",
                           "resize 2.5",
                           "resize 20000",
                           "resize 28 28 stretch",
                           "resize 28 28 28",
                           "crop",
                           "crop 1 2 3",
                           "crop 1 2 3 -1",
                           "pad 0",
                           "pad 1 256",
                           "pad",
                           "invert 1",
                           "center_of_mass 20",
                           "center_of_mass 29 28",
                           "equalise 3",
                           "patches 2",
                           "patches 0 2",
                           "denoise",
                           "denoise median",
                           "denoise median 4",
                           "denoise median 17",
                           "denoise mean 3",
                           "denoise knn",
                           "denoise knn 0",
                           "denoise knn 5 7",
                           "denoise knn 5 5 20",
                           "resize 28 p=0.5"}) {
    const Outcome refused = outcome([&] { parse_transform(text, "recipe.toml"); });
    EXPECT_EQ(refused.code, ErrorCode::usage) << text;
    EXPECT_NE(refused.message.find("recipe.toml"), std::string::npos) << refused.message;
    EXPECT_NE(refused.message.find("\"" + std::string(text) + "\""), std::string::npos) << refused.message;
  }
}

TEST(Transform, NearWordsAreSuggested) {
  const auto message = [](const char* text) { return outcome([&] { parse_transform(text, "x"); }).message; };
  EXPECT_NE(message("resise 28").find("did you mean \"resize\""), std::string::npos);
  EXPECT_NE(message("equalize").find("did you mean \"equalise\""), std::string::npos);
  EXPECT_NE(message("denoise kmn 3").find("did you mean \"knn\""), std::string::npos);
  EXPECT_NE(message("grey p=1").find("p="), std::string::npos);
}

TEST(Transform, HelpHasEveryForm) {
  const std::string help = transforms_help();
  for (const char* name : {"grey", "rgb", "resize", "crop", "pad", "invert", "center_of_mass", "equalise",
                           "patches", "denoise median", "denoise knn"}) {
    EXPECT_NE(help.find("  " + std::string(name)), std::string::npos) << name;
  }
}

TEST(Transform, ShapesFollowTheList) {
  EXPECT_EQ(after({}, {5, 7, 2}), (Shape{5, 7, 2}));
  EXPECT_EQ(after({"grey", "resize 28"}, {100, 50, 3}), (Shape{28, 28, 1}));
  EXPECT_EQ(after({"rgb", "pad 3"}, {10, 20, 1}), (Shape{16, 26, 3}));
  EXPECT_EQ(after({"resize 32 64 fit", "patches 2 4"}, {9, 9, 3}), (Shape{16, 16, 3}));
  EXPECT_EQ(after({"crop 20 10 4 5"}, {24, 15, 1}), (Shape{20, 10, 1}));
  EXPECT_EQ(after({"center_of_mass 10 16"}, {240, 150, 1}), (Shape{16, 16, 1}));
  EXPECT_EQ(after({"denoise knn 20"}, {4096, 4096, 3}), (Shape{4096, 4096, 3}));
  EXPECT_EQ(after({"denoise knn 1024 5 255"}, {32, 32, 3}), (Shape{32, 32, 3}));
  EXPECT_EQ(parts_of(parse({"grey", "patches 2 4", "invert"})), 8u);
  EXPECT_EQ(parts_of(parse({"grey"})), 1u);
}

struct Refusal {
  std::vector<std::string> texts;
  Shape shape;
  std::string says;
};

TEST(Transform, RefusalsNameTheOperation) {
  const std::vector<Refusal> refusals{
      {{"crop 40"}, {28, 60, 1}, "\"crop 40\": larger than the picture; expected at least 40 x 40 pixels"},
      {{"crop 20 20 9 0"}, {28, 28, 1}, "\"crop 20 20 9 0\": reaches out of the picture"},
      {{"resize 30", "patches 4 3"}, {28, 28, 1}, "\"patches 4 3\": the parts are not equal"},
      {{"patches 2 2", "patches 1 2"}, {28, 28, 1}, "\"patches 1 2\": there is \"patches 2 2\" already"},
      {{"rgb", "center_of_mass"}, {28, 28, 1}, "put \"grey\" before it"},
      {{"grey"}, {28, 28, 2}, "\"grey\": not for so many channels; expected 1 or 3 channels"},
      {{"rgb"}, {28, 28, 4}, "\"rgb\": not for so many channels; expected 1 or 3 channels"},
      {{"pad 3000"}, {28, 28, 1}, "\"pad 3000\""},
      {{"denoise knn 10 5 255"}, {2048, 2048, 1}, "\"denoise knn 10 5 255\": minutes of work"},
      {{"denoise knn 1024"}, {512, 512, 3}, "put \"resize\" or \"crop\" before it"},
      {{"resize 8192 4096"}, {28, 28, 1}, "\"resize 8192 4096\""},
      {{"invert"}, {0, 28, 1}, "0 x 28 x 1"},
      {{"invert"}, {1u << 31, 1u << 31, 3}, "2147483648 x 2147483648 x 3"},
      {{"invert"}, {4, 4, 0}, "4 x 4 x 0"}};
  for (const Refusal& refusal : refusals) {
    const Outcome refused = outcome([&] { after(refusal.texts, refusal.shape); });
    EXPECT_EQ(refused.code, ErrorCode::usage) << refusal.says;
    EXPECT_NE(refused.message.find("recipe.toml: [images]"), std::string::npos) << refused.message;
    EXPECT_NE(refused.message.find(refusal.says), std::string::npos) << refused.message;
  }
}

TEST(Transform, RefusesWhatDoesNotFitWithoutTouchingIt) {
  const auto code = [](const std::vector<std::string>& texts, std::uint32_t part) {
    return outcome([&] { transform(parse(texts), Image(Shape{8, 8, 1}), part); }).code;
  };
  EXPECT_EQ(code({"crop 9"}, 0), ErrorCode::usage);
  EXPECT_EQ(code({"patches 2 2", "patches 2 2"}, 0), ErrorCode::usage);
  EXPECT_EQ(code({"patches 2 2"}, 4), ErrorCode::internal);
  EXPECT_EQ(code({}, 1), ErrorCode::internal);
}

TEST(Transform, PartsAreRowByRow) {
  const Image image = noise({6, 8, 3}, 1);
  const std::vector<Transform> list = parse({"patches 3 2"});
  for (std::uint32_t part = 0; part < 6; ++part) {
    const auto row = part / 2 * 2, column = part % 2 * 4;
    const auto text = "crop 2 4 " + std::to_string(row) + " " + std::to_string(column);
    EXPECT_EQ(transform(list, image, part).pixels, transform(parse({text}), image).pixels) << part;
  }
}

// An operation with values that fit most pictures, and some that fit few.
std::string drawn_operation(RandomStream& stream) {
  const auto number = [&](int low, int high) {
    return std::to_string(static_cast<int>(stream.uniform(low, high + 1)));
  };
  const auto sides = [&] { return number(1, 30) + " " + number(1, 30); };
  switch (static_cast<int>(stream.uniform(0, 13))) {
    case 0:
      return "grey";
    case 1:
      return "rgb";
    case 2:
      return "resize " + sides();
    case 3:
      return "resize " + sides() + " fit";
    case 4:
      return "resize " + sides() + " cover";
    case 5:
      return "crop " + sides();
    case 6:
      return "crop " + sides() + " " + number(0, 5) + " " + number(0, 5);
    case 7:
      return "pad " + number(1, 5) + " " + number(0, 255);
    case 8:
      return "center_of_mass " + number(1, 20) + " " + number(20, 30);
    case 9:
      return "patches " + number(1, 3) + " " + number(1, 3);
    case 10:
      return "denoise median " + std::to_string(3 + 2 * static_cast<int>(stream.uniform(0, 7)));
    case 11:
      return "denoise knn " + number(1, 12) + " 3 " +
             std::to_string(3 + 2 * static_cast<int>(stream.uniform(0, 4)));
    default:
      return stream.uniform(0, 1) < 0.5 ? "invert" : "equalise";
  }
}

TEST(Transform, ShapeAfterIsTheShapeThatComesOut) {
  RandomStream stream(7, Purpose::augmentation, 0, 0);
  int made = 0, refused = 0;
  for (std::uint64_t round = 0; round < 3000; ++round) {
    const auto side = [&] { return static_cast<std::uint32_t>(stream.uniform(1, 40)); };
    const Shape shape{side(), side(), stream.uniform(0, 1) < 0.5 ? 1u : 3u};
    std::vector<std::string> texts(1 + static_cast<std::size_t>(stream.uniform(0, 4)));
    for (std::string& text : texts) text = drawn_operation(stream);
    const std::vector<Transform> list = parse(texts);
    const Image image = noise(shape, round);
    Shape expected;
    if (outcome([&] { expected = shape_after(list, shape, "test"); }).code == ErrorCode::usage) {
      EXPECT_EQ(outcome([&] { transform(list, image); }).code, ErrorCode::usage);
      ++refused;
      continue;
    }
    ++made;
    const Image result = transform(list, image, parts_of(list) - 1);
    ASSERT_EQ(result.shape, expected) << to_string(shape) << ": " << texts[0];
    ASSERT_EQ(result.pixels.size(), expected.bytes());
  }
  EXPECT_GT(made, 1000);
  EXPECT_GT(refused, 300);
}

TEST(Transform, ListsAreDoneInOrder) {
  const Image image = noise({12, 12, 3}, 3);
  Image one_by_one = image;
  const std::vector<std::string> texts{"grey", "pad 2 9", "resize 7 9", "invert", "denoise median 3"};
  for (const std::string& text : texts) one_by_one = transform(parse({text}), one_by_one);
  EXPECT_EQ(transform(parse(texts), image).pixels, one_by_one.pixels);
}

}  // namespace
}  // namespace titrate::image
