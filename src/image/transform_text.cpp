#include <algorithm>
#include <array>
#include <initializer_list>
#include <vector>

#include "text_form.hpp"
#include "titrate/core/text.hpp"
#include "titrate/image/transform.hpp"

namespace titrate::image {
namespace {

using namespace transforms;

constexpr int kMostSide = 1 << 14;

constexpr const char *kMedianForm = "denoise median SIZE", *kKnnForm = "denoise knn COUNT [PATCH] [WINDOW]";

std::uint32_t whole(const TextForm& form, std::size_t index, int low, int high, const char* meaning) {
  return static_cast<std::uint32_t>(form.integer(index, low, high, meaning));
}

std::uint32_t odd(const TextForm& form, std::size_t index, int low, int high, const char* meaning) {
  const std::uint32_t value = whole(form, index, low, high, meaning);
  if (value % 2 == 0) form.refuse(std::string(meaning) + " is not odd");
  return value;
}

std::uint32_t side(const TextForm& form, std::size_t index, const char* meaning) {
  return whole(form, index, 1, kMostSide, meaning);
}

Transform parse_resize(const TextForm& form, const char* written) {
  form.need(1, 3, written);
  Resize resize;
  std::size_t sides = form.size();
  const std::string& last = form.word(sides - 1);
  if (last == "fit" || last == "cover") {
    resize.aspect = last == "fit" ? Aspect::fit : Aspect::cover;
    --sides;
  }
  if (sides == 0 || sides > 2)
    form.refuse("wrong number of values", std::string("write it as \"") + written + "\"");
  resize.height = side(form, 0, "the height");
  resize.width = side(form, sides - 1, "the width");
  return resize;
}

Transform parse_crop(const TextForm& form, const char* written) {
  form.need(1, 4, written);
  if (form.size() == 3) form.refuse("wrong number of values", std::string("write it as \"") + written + "\"");
  Crop crop{side(form, 0, "the height"), side(form, form.size() == 1 ? 0 : 1, "the width")};
  if (form.size() == 4)
    crop.corner = Corner{whole(form, 2, 0, 1 << 24, "the top"), whole(form, 3, 0, 1 << 24, "the left")};
  return crop;
}

Transform parse_pad(const TextForm& form, const char* written) {
  form.need(1, 2, written);
  const std::uint32_t level = form.size() == 2 ? whole(form, 1, 0, 255, "the level") : 0;
  return Pad{whole(form, 0, 1, kMostSide, "the number of pixels"), static_cast<std::uint8_t>(level)};
}

Transform parse_center_of_mass(const TextForm& form, const char* written) {
  form.need(0, 2, written);
  if (form.size() == 1) form.need(2, 2, written);
  CenterOfMass center;
  if (form.size() == 0) return center;
  center.side = side(form, 1, "the side");
  center.box = whole(form, 0, 1, static_cast<int>(center.side), "the box");
  return center;
}

Transform parse_patches(const TextForm& form, const char* written) {
  form.need(2, 2, written);
  return Patches{whole(form, 0, 1, 1024, "the number of rows"),
                 whole(form, 1, 1, 1024, "the number of columns")};
}

Transform parse_denoise(const TextForm& form, const char*) {
  const std::array<std::string, 2> methods{"median", "knn"};
  if (form.size() == 0) form.refuse("by which method?", "median or knn");
  if (form.word(0) == "median") {
    form.need(2, 2, kMedianForm);
    return MedianDenoise{odd(form, 1, 3, 15, "the size")};
  }
  if (form.word(0) != "knn") {
    const auto near = nearest(form.word(0), methods);
    form.refuse("unknown method \"" + form.word(0) + "\"",
                near ? "did you mean \"" + *near + "\"?" : "known are " + join(methods, ", "));
  }
  form.need(2, 4, kKnnForm);
  KnnDenoise knn{.count = whole(form, 1, 1, 1024, "the count")};
  if (form.size() > 2) knn.patch = odd(form, 2, 3, 5, "the patch");
  if (form.size() > 3) knn.window = odd(form, 3, 3, 255, "the window");
  return knn;
}

template <typename Simple>
Transform parse_alone(const TextForm& form, const char* written) {
  form.need(0, 0, written);
  return Simple{};
}

struct Form {
  const char* name;
  Transform (*read)(const TextForm&, const char* written);
  const char *written, *meaning;
};

constexpr std::array kForms{
    Form{"grey", parse_alone<Grey>, "grey", "one channel: ITU-R 601 luma, as Pillow's convert(\"L\")"},
    Form{"rgb", parse_alone<Rgb>, "rgb", "three channels; grey becomes three equal ones"},
    Form{"resize", parse_resize, "resize SIDE | HEIGHT WIDTH [fit | cover]",
         "by area when it shrinks, bilinear when it grows; "
         "fit keeps the aspect and fills up with 0, cover keeps it and cuts"},
    Form{"crop", parse_crop, "crop SIDE | HEIGHT WIDTH [TOP LEFT]",
         "a part: the middle, or where it is said"},
    Form{"pad", parse_pad, "pad PIXELS [LEVEL]", "a frame of that many pixels on each side, 0 or LEVEL"},
    Form{"invert", parse_alone<Invert>, "invert", "255 - value"},
    Form{"center_of_mass", parse_center_of_mass, "center_of_mass [BOX SIDE]",
         "as MNIST was made: ink scaled into BOX (20), its centre of mass in the middle of SIDE (28)"},
    Form{"equalise", parse_alone<Equalise>, "equalise",
         "histogram equalisation of each channel, as Pillow's ImageOps.equalize"},
    Form{"patches", parse_patches, "patches ROWS COLUMNS", "one image becomes ROWS x COLUMNS equal parts"},
    // One name with two forms: the first is asked for both.
    Form{"denoise", parse_denoise, kMedianForm, "median of an odd window, 3 to 15"},
    Form{"denoise", parse_denoise, kKnnForm,
         "mean of the COUNT pixels whose surroundings (PATCH: 5, or 3) are most alike in a WINDOW "
         "(the whole picture up to 28 x 28, else 21)"},
};

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
  std::string operator()(const Patches& o) const { return numbers("patches", {o.rows, o.columns}); }
  std::string operator()(const MedianDenoise& o) const { return numbers("denoise median", {o.size}); }
  std::string operator()(const KnnDenoise& o) const {
    if (o.window > 0) return numbers("denoise knn", {o.count, o.patch, o.window});
    return o.patch != 5 ? numbers("denoise knn", {o.count, o.patch}) : numbers("denoise knn", {o.count});
  }
};

}  // namespace

Transform parse_transform(std::string_view text, std::string_view where) {
  const TextForm form(text, where);
  if (form.has_probability()) form.refuse("p= is for augmentations: this is done to every image");
  for (const Form& one : kForms)
    if (form.name() == one.name) return one.read(form, one.written);
  std::vector<std::string> known;
  for (const Form& one : kForms) {
    if (known.empty() || known.back() != one.name) known.emplace_back(one.name);
  }
  form.refuse_unknown(known);
}

std::string to_text(const Transform& transform) { return std::visit(Writer{}, transform); }

std::string transforms_help() {
  std::size_t column = 0;
  for (const Form& form : kForms) column = std::max(column, std::string_view(form.written).size());
  std::string help;
  for (const Form& form : kForms) {
    std::string line = form.written;
    line.resize(column + 2, ' ');
    help += "  " + line + form.meaning + "\n";
  }
  return help;
}

}  // namespace titrate::image
