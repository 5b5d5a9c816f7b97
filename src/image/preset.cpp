#include "titrate/image/preset.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "titrate/core/choice.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate::image {
namespace {

struct Preset {
  const char* name;
  std::vector<const char*> operations;
  bool flips;             // left and right may change places
  const char* confusion;  // what a strong turn makes of them
  double side;            // of the pictures it is made for
};

const std::array<Preset, 3>& presets() {
  static const std::array<Preset, 3> all{{
      {"digits",
       {"rotate 12", "shift 2", "zoom 0.9 1.1", "shear 10", "elastic 30 4 p=0.5"},
       false,
       "6 and 9 are each other's half turn",
       28},
      {"letters",
       {"rotate 10", "shift 2", "zoom 0.9 1.1", "shear 8", "elastic 25 4 p=0.5"},
       false,
       "N and Z are a quarter turn apart, M and W, d and p a half turn",
       28},
      {"objects",
       {"flip horizontal p=0.5", "rotate 10", "shift 2", "zoom 0.9 1.2", "brightness 0.8 1.2",
        "contrast 0.8 1.2", "gamma 0.9 1.1"},
       true,
       "things do not stand on their head",
       32},
  }};
  return all;
}

const Preset* find(std::string_view name) {
  for (const Preset& preset : presets())
    if (name == preset.name) return &preset;
  return nullptr;
}

// What is too much, whatever the kind of picture. Angles and shears in degrees.
constexpr double kMostDegrees = 45, kMostShear = 30, kMostErased = 0.4, kLeastZoom = 0.5, kMostZoom = 1.5;
constexpr double kMostPerspective = 0.6, kLeastFactor = 0.2, kMostFactor = 3, kLeastGamma = 0.3,
                 kMostGamma = 3;
constexpr double kMostSharpening = 4, kMostNoise = 0.5, kMostSaltPepper = 0.4;
// Shares of the shorter side.
constexpr double kMostShift = 1.0 / 4, kMostBlur = 1.0 / 8, kMostDisplacement = 1.0 / 7;

double reach(double low, double high) { return std::max(std::fabs(low), std::fabs(high)); }

// Why an operation is a risk, or nothing. There is an overload for each: a new operation has to say
// something.
struct Judge {
  const Preset& preset;
  double side;  // the shorter one, in pixels
  using Reason = std::optional<std::string>;

  static Reason when(bool risky, std::string reason) { return risky ? Reason(std::move(reason)) : Reason(); }
  static Reason outside(double low, double high, double least, double most, const char* what) {
    return when(low < least || high > most, std::string(what) + " outside " + shortest(least) + " to " +
                                                shortest(most) + " leaves almost nothing");
  }
  std::string of_side() const { return " of a side of " + shortest(side) + " pixels"; }

  Reason operator()(const Shift& o) const {
    return when(o.pixels > kMostShift * side,
                "moves by more than a quarter" + of_side() + " push the subject out");
  }

  Reason operator()(const Rotate& o) const {
    return when(reach(o.low, o.high) > kMostDegrees,
                "turns reach beyond " + shortest(kMostDegrees) + " degrees: " + preset.confusion);
  }
  Reason operator()(const Flip& o) const {
    if (preset.flips)
      return when(o.axis == FlipAxis::vertical, std::string("upside down: ") + preset.confusion);
    return "mirrored " + std::string(preset.name) + " are others (b and d, p and q, 2 and 5) or none";
  }
  Reason operator()(const Shear& o) const {
    return when(reach(o.low, o.high) > kMostShear,
                "rows are sheared by more than " + shortest(kMostShear) + " degrees");
  }
  Reason operator()(const Zoom& o) const {
    return when(o.low < kLeastZoom || o.high > kMostZoom,
                "outside " + shortest(kLeastZoom) + " to " + shortest(kMostZoom) +
                    " the subject may become too small to read or be cut off");
  }
  Reason operator()(const Perspective& o) const {
    return when(o.high > kMostPerspective,
                "corners may move past " + shortest(kMostPerspective) + " of half a side");
  }
  // Smoothed noise has deviation alpha / sqrt(3) / (2 sigma sqrt(pi)) in each direction.
  Reason operator()(const Elastic& o) const {
    const double deviation = o.high / (std::sqrt(3.0) * 2 * o.sigma * std::sqrt(3.14159265358979));
    return when(deviation > kMostDisplacement * side,
                "pixels move by about " + fixed(deviation, 1) + " pixels, which tears strokes apart");
  }
  Reason operator()(const Erase& o) const {
    return when(o.high > kMostErased, "more than " + shortest(kMostErased) +
                                          " of the area may go, and with it what the label says");
  }
  Reason operator()(const Brightness& o) const {
    return outside(o.low, o.high, kLeastFactor, kMostFactor, "a factor");
  }
  Reason operator()(const Contrast& o) const {
    return outside(o.low, o.high, kLeastFactor, kMostFactor, "a factor");
  }
  Reason operator()(const Gamma& o) const {
    return outside(o.low, o.high, kLeastGamma, kMostGamma, "an exponent");
  }
  Reason operator()(const Blur& o) const {
    return when(o.high > kMostBlur * side,
                "a blur by more than an eighth" + of_side() + " melts strokes together");
  }
  Reason operator()(const Sharpen& o) const {
    return when(o.high > kMostSharpening, "an amount above " + shortest(kMostSharpening) +
                                              " turns edges and noise into black and white");
  }
  Reason operator()(const AddNoise& o) const {
    const double most = o.kind == NoiseKind::salt_pepper ? kMostSaltPepper : kMostNoise;
    return when(o.high > most, "a level above " + shortest(most) + " may bury the subject");
  }
};

// How far a list turns a picture, each way. A shear by a small angle is a turn by half of it and a stretch.
struct Turns {
  double low = 0, high = 0;
  bool sheared = false;

  void add(const Change& change) {
    if (const auto* rotate = std::get_if<Rotate>(&change)) add(rotate->low, rotate->high);
    if (const auto* shear = std::get_if<Shear>(&change)) {
      add(-shear->high / 2, -shear->low / 2);
      sheared = true;
    }
  }
  void add(double from, double to) {
    low += std::min(from, 0.0);
    high += std::max(to, 0.0);
  }
};

bool turns(const Change& change) {
  return std::holds_alternative<Rotate>(change) || std::holds_alternative<Shear>(change);
}

std::string sentence(const Operation& operation, const std::string& reason) {
  return "\"" + to_text(operation) + "\": " + reason;
}

}  // namespace

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) names.emplace_back(preset.name);
  return names;
}

std::vector<Operation> preset_operations(std::string_view name, std::string_view where) {
  const Preset* preset = find(name);
  if (preset == nullptr) refuse_choice(name, preset_names(), where);
  std::vector<Operation> operations;
  for (const char* text : preset->operations) operations.push_back(parse_operation(text, where));
  return operations;
}

std::string presets_help() {
  std::string help;
  for (const Preset& preset : presets()) {
    std::vector<std::string> quoted;
    for (const char* text : preset.operations) quoted.push_back('"' + std::string(text) + '"');
    std::string line = std::string("  ") + preset.name;
    line.resize(11, ' ');
    help += line + join(quoted, ", ") + "\n";
  }
  return help +
         "  made for about 28 x 28 pixels (digits, letters) and 32 x 32 (objects): shift and elastic are in "
         "pixels\n";
}

std::vector<std::string> label_risks(std::string_view name, std::span<const Operation> operations,
                                     std::optional<Shape> shape) {
  const Preset* preset = find(name);
  if (preset == nullptr)
    throw Error(
        {.code = ErrorCode::internal, .what = "label_risks: unknown preset", .got = std::string(name)});
  std::vector<std::string> risks;
  const Judge judge{*preset,
                    shape ? static_cast<double>(std::min(shape->height, shape->width)) : preset->side};
  Turns together;
  bool one_is_enough = false;
  for (const Operation& operation : operations) {
    if (operation.probability == 0) continue;
    const auto reason = std::visit(judge, operation.change);
    if (reason) risks.push_back(sentence(operation, *reason));
    together.add(operation.change);
    one_is_enough = one_is_enough || (reason && turns(operation.change));
  }
  if (!one_is_enough && reach(together.low, together.high) > kMostDegrees)
    risks.push_back(std::string(together.sheared ? "the rotations and shears" : "the rotations") +
                    " together turn by more than " + shortest(kMostDegrees) +
                    " degrees: " + preset->confusion);
  return risks;
}

}  // namespace titrate::image
