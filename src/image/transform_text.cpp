#include <array>
#include <initializer_list>

#include "titrate/core/text.hpp"
#include "titrate/core/words.hpp"
#include "titrate/image/transform.hpp"

namespace titrate::image {
namespace {

using namespace transforms;

constexpr const char *kMedianForm = "denoise median SIZE", *kKnnForm = "denoise knn COUNT [PATCH] [WINDOW]";

constexpr Range kSide{.low = 1, .high = 1 << 14}, kPlace{.high = 1 << 24}, kParts{.low = 1, .high = 1024};

std::uint32_t odd(const Words& words, std::size_t index, const Range& range, const char* meaning) {
  const std::uint32_t value = words.integer(index, range, meaning);
  if (value % 2 == 0) words.refuse(std::string(meaning) + " is not odd");
  return value;
}

Transform parse_resize(Words& words) {
  words.need(1, 3);
  Resize resize;
  std::size_t sides = words.size();
  const std::string& last = words.word(sides - 1);
  if (last == "fit" || last == "cover") {
    resize.aspect = last == "fit" ? Aspect::fit : Aspect::cover;
    --sides;
  }
  if (sides == 0 || sides > 2) words.refuse_form("wrong number of values");
  resize.height = words.integer(0, kSide, "the height");
  resize.width = words.integer(sides - 1, kSide, "the width");
  return resize;
}

Transform parse_crop(Words& words) {
  words.need(1, 4);
  if (words.size() == 3) words.refuse_form("wrong number of values");
  Crop crop{words.integer(0, kSide, "the height"),
            words.integer(words.size() == 1 ? 0 : 1, kSide, "the width")};
  if (words.size() == 4)
    crop.corner = Corner{words.integer(2, kPlace, "the top"), words.integer(3, kPlace, "the left")};
  return crop;
}

Transform parse_pad(Words& words) {
  words.need(1, 2);
  const std::uint32_t level = words.size() == 2 ? words.integer(1, {.high = 255}, "the level") : 0;
  return Pad{words.integer(0, kSide, "the number of pixels"), static_cast<std::uint8_t>(level)};
}

Transform parse_center_of_mass(Words& words) {
  words.need(0, 2);
  if (words.size() == 1) words.refuse_form("wrong number of values");
  CenterOfMass center;
  if (words.size() == 0) return center;
  center.side = words.integer(1, kSide, "the side");
  center.box = words.integer(0, {.low = 1, .high = static_cast<double>(center.side)}, "the box");
  return center;
}

Transform parse_patches(Words& words) {
  words.need(2, 2);
  return Tiles{words.integer(0, kParts, "the number of rows"),
               words.integer(1, kParts, "the number of columns")};
}

Transform parse_denoise(Words& words) {
  const std::array<std::string, 2> methods{"median", "knn"};
  if (words.size() == 0) words.refuse("by which method?", "median or knn");
  if (words.word(0) == "median") {
    words.need(2, 2);
    return MedianDenoise{odd(words, 1, {.low = 3, .high = 15}, "the size")};
  }
  if (words.word(0) != "knn") {
    words.refuse("unknown method \"" + words.word(0) + "\"",
                 did_you_mean(words.word(0), methods, "known are " + join(methods, ", ")));
  }
  words.set_form(kKnnForm);
  words.need(2, 4);
  KnnDenoise knn{.count = words.integer(1, kParts, "the count")};
  if (words.size() > 2) knn.patch = odd(words, 2, {.low = 3, .high = 5}, "the patch");
  if (words.size() > 3) knn.window = odd(words, 3, {.low = 3, .high = 255}, "the window");
  return knn;
}

template <typename Simple>
Transform parse_alone(Words& words) {
  words.need(0, 0);
  return Simple{};
}

using Form = WordForm<Transform>;

constexpr std::array<Form, std::variant_size_v<Transform>> kForms{{
    {"grey", parse_alone<Grey>, "one channel: ITU-R 601 luma, as Pillow's convert(\"L\")"},
    {"rgb", parse_alone<Rgb>, "three channels; grey becomes three equal ones"},
    {"resize SIDE | HEIGHT WIDTH [fit | cover]", parse_resize,
     "by area when it shrinks, bilinear when it grows; "
     "fit keeps the aspect and fills up with 0, cover keeps it and cuts"},
    {"crop SIDE | HEIGHT WIDTH [TOP LEFT]", parse_crop, "a part: the middle, or where it is said"},
    {"pad PIXELS [LEVEL]", parse_pad, "a frame of that many pixels on each side, 0 or LEVEL"},
    {"invert", parse_alone<Invert>, "255 - value"},
    {"center_of_mass [BOX SIDE]", parse_center_of_mass,
     "as MNIST was made: ink scaled into BOX (20), its centre of mass in the middle of SIDE (28)"},
    {"equalise", parse_alone<Equalise>,
     "histogram equalisation of each channel, as Pillow's ImageOps.equalize"},
    {"patches ROWS COLUMNS", parse_patches, "one image becomes ROWS x COLUMNS equal parts"},
    // One name with two forms: the first is asked for both.
    {kMedianForm, parse_denoise, "median of an odd window, 3 to 15"},
    {kKnnForm, parse_denoise,
     "mean of the COUNT pixels whose surroundings (PATCH: 5, or 3) are most alike in a WINDOW "
     "(the whole picture up to 28 x 28, else 21)"},
}};

struct Writer {
  static std::string numbers(std::string text, std::initializer_list<std::uint32_t> values) {
    for (const std::uint32_t value : values) text += " " + std::to_string(value);
    return text;
  }

  std::string operator()(const Grey&) const { return "grey"; }
  std::string operator()(const Rgb&) const { return "rgb"; }
  std::string operator()(const Resize& o) const {
    const char* aspect = o.aspect == Aspect::fit ? " fit" : o.aspect == Aspect::cover ? " cover" : "";
    return (o.height == o.width ? numbers("resize", {o.height}) : numbers("resize", {o.height, o.width})) +
           aspect;
  }
  std::string operator()(const Crop& o) const {
    if (o.corner) return numbers("crop", {o.height, o.width, o.corner->top, o.corner->left});
    return o.height == o.width ? numbers("crop", {o.height}) : numbers("crop", {o.height, o.width});
  }
  std::string operator()(const Pad& o) const {
    return o.level == 0 ? numbers("pad", {o.pixels}) : numbers("pad", {o.pixels, o.level});
  }
  std::string operator()(const Invert&) const { return "invert"; }
  std::string operator()(const CenterOfMass& o) const {
    return o == CenterOfMass{} ? "center_of_mass" : numbers("center_of_mass", {o.box, o.side});
  }
  std::string operator()(const Equalise&) const { return "equalise"; }
  std::string operator()(const Tiles& o) const { return numbers("patches", {o.rows, o.columns}); }
  std::string operator()(const MedianDenoise& o) const { return numbers("denoise median", {o.size}); }
  std::string operator()(const KnnDenoise& o) const {
    if (o.window > 0) return numbers("denoise knn", {o.count, o.patch, o.window});
    return o.patch != 5 ? numbers("denoise knn", {o.count, o.patch}) : numbers("denoise knn", {o.count});
  }
};

}  // namespace

Transform parse_transform(std::string_view text, std::string_view where) {
  Words words(text, "operation", where);
  if (words.option("p")) words.refuse("p= is for augmentations: this is done to every image");
  const Transform transform = read_form<Transform>(kForms, words);
  words.need_no_more_options();
  return transform;
}

std::string to_text(const Transform& transform) { return std::visit(Writer{}, transform); }

std::string transforms_help() { return forms_help<Transform>(kForms); }

}  // namespace titrate::image
