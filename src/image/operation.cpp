#include "titrate/image/operation.hpp"

#include <algorithm>
#include <array>

#include "text_form.hpp"
#include "titrate/core/text.hpp"

namespace titrate::image {
namespace {

// A range that is written as LOW HIGH.
struct Limits {
  double low, high;
  const char* meaning;
};

template <class Ranged>
Ranged read_range(const TextForm& text, const char* form, const Limits& limits) {
  text.need(2, 2, form);
  const Ranged range{text.number(0, limits.low, limits.high, limits.meaning),
                     text.number(1, limits.low, limits.high, limits.meaning)};
  if (range.low > range.high) text.refuse(std::string(limits.meaning) + ": the lower end stands first");
  return range;
}

double above_zero(const TextForm& text, std::size_t index, double high, const char* meaning) {
  const double value = text.number(index, 0, high, meaning);
  if (value == 0) text.refuse(std::string(meaning) + " is 0", "it is above 0 and at most " + shortest(high));
  return value;
}

// One number: up to that each way. Two: from, to.
template <class Turn>
Turn read_degrees(const TextForm& text, const char* form, double most) {
  text.need(1, 2, form);
  if (text.size() == 1) return Turn(above_zero(text, 0, most, "degrees"));
  return read_range<Turn>(text, form, {-most, most, "degrees"});
}

Change read_shift(const TextForm& text) {
  text.need(1, 2, "shift PIXELS [whole]");
  if (text.size() == 1) return Shift{above_zero(text, 0, 1000, "pixels")};
  if (text.word(1) != "whole") text.refuse("\"" + text.word(1) + "\" after the pixels", "whole, or nothing");
  return Shift{static_cast<double>(text.integer(0, 1, 1000, "pixels")), true};
}
Change read_rotate(const TextForm& text) {
  return read_degrees<Rotate>(text, "rotate DEGREES\" or \"rotate LOW HIGH", 360);
}
Change read_flip(const TextForm& text) {
  text.need(1, 1, "flip horizontal|vertical");
  if (text.word(0) == "horizontal") return Flip{Axis::horizontal};
  if (text.word(0) == "vertical") return Flip{Axis::vertical};
  text.refuse("\"" + text.word(0) + "\" is no axis", "horizontal or vertical");
}
Change read_zoom(const TextForm& text) {
  return read_range<Zoom>(text, "zoom LOW HIGH", {0.1, 10, "the factor"});
}
Change read_shear(const TextForm& text) {
  return read_degrees<Shear>(text, "shear DEGREES\" or \"shear LOW HIGH", 80);
}
Change read_perspective(const TextForm& text) {
  const char* form = "perspective SHARE\" or \"perspective LOW HIGH";
  text.need(1, 2, form);
  if (text.size() == 1) return Perspective(above_zero(text, 0, 1, "the share"));
  const auto range = read_range<Perspective>(text, form, {0, 1, "the share"});
  above_zero(text, 1, 1, "the share");
  return range;
}
Change read_elastic(const TextForm& text) {
  text.need(2, 3, "elastic ALPHA SIGMA\" or \"elastic LOW HIGH SIGMA");
  const std::size_t last = text.size() - 1;
  const double high = above_zero(text, last - 1, 10000, "alpha");
  const double low = last == 1 ? high : text.number(0, 0, 10000, "alpha");
  if (low > high) text.refuse("alpha: the lower end stands first");
  return Elastic(low, high, text.number(last, 0.5, 100, "sigma"));
}
Change read_erase(const TextForm& text) {
  const auto erase = read_range<Erase>(text, "erase LOW HIGH", {0, 1, "the share of the area"});
  if (erase.low == 0) text.refuse("the share of the area is 0", "it is above 0 and at most 1");
  return erase;
}
Change read_brightness(const TextForm& text) {
  return read_range<Brightness>(text, "brightness LOW HIGH", {0, 100, "the factor"});
}
Change read_contrast(const TextForm& text) {
  return read_range<Contrast>(text, "contrast LOW HIGH", {0, 100, "the factor"});
}
Change read_gamma(const TextForm& text) {
  return read_range<Gamma>(text, "gamma LOW HIGH", {0.05, 20, "gamma"});
}
Change read_blur(const TextForm& text) { return read_range<Blur>(text, "blur LOW HIGH", {0, 100, "sigma"}); }
Change read_sharpen(const TextForm& text) {
  return read_range<Sharpen>(text, "sharpen LOW HIGH", {0, 100, "the amount"});
}
Change read_noise(const TextForm& text) {
  const char* form = "noise gaussian|salt_pepper|speckle|uniform LOW HIGH";
  text.need(3, 3, form);
  AddNoise noise{parse_choice<NoiseKind>(text.word(0), "noise")};
  const double most = noise.kind == NoiseKind::salt_pepper ? 1 : 10;
  noise.low = text.number(1, 0, most, "the level");
  noise.high = text.number(2, 0, most, "the level");
  if (noise.low > noise.high) text.refuse("the level: the lower end stands first");
  return noise;
}

struct Form {
  const char* name;
  Change (*read)(const TextForm&);
  const char* values;
  const char* meaning;
};

constexpr std::array<Form, 14> kForms{{
    {"shift", read_shift, "PIXELS [whole]",
     "up to so many pixels each way, by parts of a pixel (which blurs) or whole ones"},
    {"rotate", read_rotate, "DEGREES | LOW HIGH", "up to so many degrees each way, or between the two"},
    {"flip", read_flip, "horizontal | vertical", "left becomes right, or top bottom"},
    {"zoom", read_zoom, "LOW HIGH", "a factor; above 1 is larger"},
    {"shear", read_shear, "DEGREES | LOW HIGH", "rows move sideways; above 0 the top goes right"},
    {"perspective", read_perspective, "SHARE | LOW HIGH",
     "corners move in by up to that share of half a side, or between"},
    {"elastic", read_elastic, "ALPHA SIGMA | LOW HIGH SIGMA",
     "a smooth random distortion, in pixels; alpha may be a range"},
    {"erase", read_erase, "LOW HIGH", "a rectangle of that share of the area becomes 0"},
    {"brightness", read_brightness, "LOW HIGH", "a factor"},
    {"contrast", read_contrast, "LOW HIGH", "a factor about the mean grey"},
    {"gamma", read_gamma, "LOW HIGH", "255 (value / 255)^gamma"},
    {"blur", read_blur, "LOW HIGH", "sigma of a gaussian, in pixels"},
    {"sharpen", read_sharpen, "LOW HIGH", "amount of an unsharp mask"},
    {"noise", read_noise, "KIND LOW HIGH", "a level of gaussian, salt_pepper, speckle or uniform noise"},
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
    return o.axis == Axis::horizontal ? "flip horizontal" : "flip vertical";
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
  const TextForm form(text, where);
  for (const Form& known : kForms)
    if (form.name() == known.name) return {known.read(form), form.probability()};
  std::vector<std::string> names;
  for (const Form& known : kForms) names.emplace_back(known.name);
  form.refuse_unknown(names);
}

std::string to_text(const Operation& operation) {
  std::string text = std::visit(Writer{}, operation.change);
  if (operation.probability != 1) text += " p=" + shortest(operation.probability);
  return text;
}

std::string operations_help() {
  const auto written = [](const Form& form) { return std::string("  ") + form.name + " " + form.values; };
  std::size_t column = 0;
  for (const Form& form : kForms) column = std::max(column, written(form).size() + 2);
  std::string help;
  for (const Form& form : kForms) {
    std::string line = written(form);
    line.resize(column, ' ');
    help += line + form.meaning + "\n";
  }
  return help +
         "  each may end in p=P: the chance, 0 to 1, that it is done to a picture\n"
         "  what moves pixels leaves black (0) where the old picture does not reach: on another ground that "
         "shows\n";
}

}  // namespace titrate::image
