#include "titrate/image/operation.hpp"

#include <array>

#include "titrate/core/text.hpp"
#include "titrate/core/words.hpp"

namespace titrate::image {
namespace {

// Written as LOW HIGH.
template <class Ranged>
Ranged read_range(Words& words, double least, double most, const char* meaning) {
  words.need(2, 2);
  const Range limits{.low = least, .high = most};
  const Ranged range{words.number(0, limits, meaning), words.number(1, limits, meaning)};
  if (range.low > range.high) words.refuse(std::string(meaning) + ": the lower end stands first");
  return range;
}

double above_zero(const Words& words, std::size_t index, double high, const char* meaning) {
  const double value = words.number(index, {.high = high}, meaning);
  if (value == 0) words.refuse(std::string(meaning) + " is 0", "it is above 0 and at most " + shortest(high));
  return value;
}

// One number: up to that each way. Two: from, to.
template <class Turn>
Turn read_degrees(Words& words, double most) {
  words.need(1, 2);
  if (words.size() == 1) return Turn(above_zero(words, 0, most, "the angle"));
  return read_range<Turn>(words, -most, most, "the angle");
}

Change read_shift(Words& words) {
  words.need(1, 2);
  const char* meaning = "the number of pixels";
  if (words.size() == 1) return Shift{above_zero(words, 0, 1000, meaning)};
  if (words.word(1) != "whole")
    words.refuse("\"" + words.word(1) + "\" after the pixels", "whole, or nothing");
  return Shift{static_cast<double>(words.integer(0, {.low = 1, .high = 1000}, meaning)), true};
}
Change read_rotate(Words& words) { return read_degrees<Rotate>(words, 360); }
Change read_flip(Words& words) {
  words.need(1, 1);
  if (words.word(0) == "horizontal") return Flip{FlipAxis::horizontal};
  if (words.word(0) == "vertical") return Flip{FlipAxis::vertical};
  words.refuse("\"" + words.word(0) + "\" is no axis", "horizontal or vertical");
}
Change read_zoom(Words& words) { return read_range<Zoom>(words, 0.1, 10, "the factor"); }
Change read_shear(Words& words) { return read_degrees<Shear>(words, 80); }
Change read_perspective(Words& words) {
  words.need(1, 2);
  if (words.size() == 1) return Perspective(above_zero(words, 0, 1, "the share"));
  const auto range = read_range<Perspective>(words, 0, 1, "the share");
  above_zero(words, 1, 1, "the share");
  return range;
}
Change read_elastic(Words& words) {
  words.need(2, 3);
  const std::size_t last = words.size() - 1;
  const double high = above_zero(words, last - 1, 10000, "alpha");
  const double low = last == 1 ? high : words.number(0, {.high = 10000}, "alpha");
  if (low > high) words.refuse("alpha: the lower end stands first");
  return Elastic(low, high, words.number(last, {.low = 0.5, .high = 100}, "sigma"));
}
Change read_erase(Words& words) {
  const auto erase = read_range<Erase>(words, 0, 1, "the share of the area");
  if (erase.low == 0) words.refuse("the share of the area is 0", "it is above 0 and at most 1");
  return erase;
}
Change read_brightness(Words& words) { return read_range<Brightness>(words, 0, 100, "the factor"); }
Change read_contrast(Words& words) { return read_range<Contrast>(words, 0, 100, "the factor"); }
Change read_gamma(Words& words) { return read_range<Gamma>(words, 0.05, 20, "gamma"); }
Change read_blur(Words& words) { return read_range<Blur>(words, 0, 100, "sigma"); }
Change read_sharpen(Words& words) { return read_range<Sharpen>(words, 0, 100, "the amount"); }
Change read_noise(Words& words) {
  words.need(3, 3);
  AddNoise noise{parse_choice<NoiseKind>(words.word(0), words.where() + ": noise")};
  const Range limits{.high = most_noise(noise.kind)};
  noise.low = words.number(1, limits, "the level");
  noise.high = words.number(2, limits, "the level");
  if (noise.low > noise.high) words.refuse("the level: the lower end stands first");
  return noise;
}

constexpr std::array<WordForm<Change>, std::variant_size_v<Change>> kForms{{
    {"shift PIXELS [whole]", read_shift,
     "up to so many pixels each way, by parts of a pixel (which blurs) or whole ones"},
    {"rotate DEGREES | LOW HIGH", read_rotate, "up to so many degrees each way, or between the two"},
    {"flip horizontal | vertical", read_flip, "left becomes right, or top bottom"},
    {"zoom LOW HIGH", read_zoom, "a factor; above 1 is larger"},
    {"shear DEGREES | LOW HIGH", read_shear, "rows move sideways; above 0 the top goes right"},
    {"perspective SHARE | LOW HIGH", read_perspective,
     "corners move in by up to that share of half a side, or between"},
    {"elastic ALPHA SIGMA | LOW HIGH SIGMA", read_elastic,
     "a smooth random distortion, in pixels; alpha may be a range"},
    {"erase LOW HIGH", read_erase, "a rectangle of that share of the area becomes 0"},
    {"brightness LOW HIGH", read_brightness, "a factor"},
    {"contrast LOW HIGH", read_contrast, "a factor about the mean grey"},
    {"gamma LOW HIGH", read_gamma, "255 (value / 255)^gamma"},
    {"blur LOW HIGH", read_blur, "sigma of a gaussian, in pixels"},
    {"sharpen LOW HIGH", read_sharpen, "amount of an unsharp mask"},
    {"noise KIND LOW HIGH", read_noise,
     "a level of noise; an unknown KIND is refused with those that there are"},
}};

// Writes a change as parse_operation() reads it, without its probability.
struct Writer {
  static std::string range(const std::string& name, double low, double high) {
    return name + " " + shortest(low) + " " + shortest(high);
  }
  static std::string degrees(const std::string& name, double low, double high) {
    return low == -high && high > 0 ? name + " " + shortest(high) : range(name, low, high);
  }
  std::string operator()(const Shift& o) const {
    return "shift " + shortest(o.pixels) + (o.whole ? " whole" : "");
  }
  std::string operator()(const Rotate& o) const { return degrees("rotate", o.low, o.high); }
  std::string operator()(const Flip& o) const {
    return o.axis == FlipAxis::horizontal ? "flip horizontal" : "flip vertical";
  }
  std::string operator()(const Zoom& o) const { return range("zoom", o.low, o.high); }
  std::string operator()(const Shear& o) const { return degrees("shear", o.low, o.high); }
  std::string operator()(const Perspective& o) const {
    return o.low == 0 ? "perspective " + shortest(o.high) : range("perspective", o.low, o.high);
  }
  std::string operator()(const Elastic& o) const {
    return (o.low == o.high ? "elastic " + shortest(o.high) : range("elastic", o.low, o.high)) + " " +
           shortest(o.sigma);
  }
  std::string operator()(const Erase& o) const { return range("erase", o.low, o.high); }
  std::string operator()(const Brightness& o) const { return range("brightness", o.low, o.high); }
  std::string operator()(const Contrast& o) const { return range("contrast", o.low, o.high); }
  std::string operator()(const Gamma& o) const { return range("gamma", o.low, o.high); }
  std::string operator()(const Blur& o) const { return range("blur", o.low, o.high); }
  std::string operator()(const Sharpen& o) const { return range("sharpen", o.low, o.high); }
  std::string operator()(const AddNoise& o) const {
    return range("noise " + choice_name(o.kind), o.low, o.high);
  }
};

}  // namespace

Operation parse_operation(std::string_view text, std::string_view where) {
  Words words(text, "operation", where);
  if (words.has_value_after_option()) words.refuse("the probability stands last");
  const double probability = words.number_option("p", {.high = 1}).value_or(1);
  Operation operation(read_form<Change>(kForms, words), probability);
  words.need_no_more_options();
  return operation;
}

std::string to_text(const Operation& operation) {
  std::string text = std::visit(Writer{}, operation.change);
  if (operation.probability != 1) text += " p=" + shortest(operation.probability);
  return text;
}

std::string operations_help() {
  return forms_help<Change>(kForms) +
         "  each may end in p=P: the chance, 0 to 1, that it is done to a picture\n"
         "  what moves pixels leaves black (0) where the old picture does not reach: on another ground that "
         "shows\n";
}

}  // namespace titrate::image
