#include "titrate/image/preset.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate::image {
namespace {

struct Preset {
  const char* name;
  std::vector<const char*> operations;
  bool flips;             // left and right may change places
  const char* confusion;  // what a strong turn makes of them
};

const std::array<Preset, 3>& presets() {
  static const std::array<Preset, 3> all{{
      {"digits",
       {"rotate 12", "shift 2", "zoom 0.9 1.1", "shear 10", "elastic 30 4 p=0.5"},
       false,
       "6 and 9 are each other's half turn"},
      {"letters",
       {"rotate 10", "shift 2", "zoom 0.9 1.1", "shear 8", "elastic 25 4 p=0.5"},
       false,
       "N and Z are a quarter turn apart, M and W, d and p a half turn"},
      {"objects",
       {"flip horizontal p=0.5", "rotate 10", "shift 2", "zoom 0.9 1.2", "brightness 0.8 1.2",
        "contrast 0.8 1.2", "gamma 0.9 1.1"},
       true,
       "things do not stand on their head"},
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
constexpr double kMostPerspective = 0.6, kMostDisplacement = 4, kMostDarkening = 0.2, kMostNoise = 0.5;
constexpr double kMostSaltPepper = 0.4;

double reach(double low, double high) { return std::max(std::fabs(low), std::fabs(high)); }

// Why an operation is a risk, or nothing.
struct Judge {
  const Preset& preset;
  using Reason = std::optional<std::string>;

  static Reason when(bool risky, std::string reason) { return risky ? Reason(std::move(reason)) : Reason(); }

  Reason operator()(const Rotate& o) const {
    return when(reach(o.low, o.high) > kMostDegrees,
                "turns reach beyond " + shortest(kMostDegrees) + " degrees: " + preset.confusion);
  }
  Reason operator()(const Flip& o) const {
    if (preset.flips) return when(o.axis == Axis::vertical, std::string("upside down: ") + preset.confusion);
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
    return when(o.strength > kMostPerspective,
                "corners may move past " + shortest(kMostPerspective) + " of half a side");
  }
  // Smoothed noise has deviation alpha / sqrt(3) / (2 sigma sqrt(pi)) in each direction.
  Reason operator()(const Elastic& o) const {
    const double deviation = o.alpha / (std::sqrt(3.0) * 2 * o.sigma * std::sqrt(3.14159265358979));
    return when(deviation > kMostDisplacement,
                "pixels move by about " + fixed(deviation, 1) + " pixels, which tears strokes apart");
  }
  Reason operator()(const Erase& o) const {
    return when(o.high > kMostErased, "more than " + shortest(kMostErased) +
                                          " of the area may go, and with it what the label says");
  }
  Reason operator()(const Brightness& o) const {
    return when(o.low < kMostDarkening,
                "a factor below " + shortest(kMostDarkening) + " leaves almost nothing");
  }
  Reason operator()(const Contrast& o) const {
    return when(o.low < kMostDarkening,
                "a factor below " + shortest(kMostDarkening) + " leaves almost nothing");
  }
  Reason operator()(const AddNoise& o) const {
    const double most = o.kind == NoiseKind::salt_pepper ? kMostSaltPepper : kMostNoise;
    return when(o.high > most, "a level above " + shortest(most) + " may bury the subject");
  }
  // Shifts and blurs are in pixels, and how large the picture is is not known here.
  template <class Other>
  Reason operator()(const Other&) const {
    return {};
  }
};

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
  if (preset == nullptr) {
    const std::vector<std::string> names = preset_names();
    const auto near = nearest(name, names);
    throw Error({.code = ErrorCode::usage,
                 .where = std::string(where),
                 .what = "unknown preset",
                 .expected = join(names, ", "),
                 .got = std::string(name),
                 .hint = near ? "did you mean \"" + *near + "\"?" : ""});
  }
  std::vector<Operation> operations;
  for (const char* text : preset->operations) operations.push_back(parse_operation(text, where));
  return operations;
}

std::vector<std::string> label_risks(std::string_view name, std::span<const Operation> operations) {
  const Preset* preset = find(name);
  if (preset == nullptr)
    throw Error(
        {.code = ErrorCode::internal, .what = "label_risks: unknown preset", .got = std::string(name)});
  std::vector<std::string> risks;
  double low = 0, high = 0;
  bool one_is_enough = false;
  for (const Operation& operation : operations) {
    if (operation.probability == 0) continue;
    const auto reason = std::visit(Judge{*preset}, operation.change);
    if (reason) risks.push_back(sentence(operation, *reason));
    if (const auto* rotate = std::get_if<Rotate>(&operation.change)) {
      one_is_enough = one_is_enough || reason.has_value();
      low += std::min(rotate->low, 0.0);
      high += std::max(rotate->high, 0.0);
    }
  }
  if (!one_is_enough && reach(low, high) > kMostDegrees)
    risks.push_back("the rotations together reach beyond " + shortest(kMostDegrees) +
                    " degrees: " + preset->confusion);
  return risks;
}

}  // namespace titrate::image
