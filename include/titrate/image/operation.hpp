// Augmentations as data: a plain struct each, with a text form that recipes, shards and studies share. They
// keep a picture's shape; what changes it is a transform (transform.hpp).
//
//   "shift 2"                  up to 2 pixels each way, in x and in y; parts of pixels, so it blurs a little
//   "shift 2 whole"            whole pixels: alone in a list, pixels are copied
//   "rotate 10"                up to 10 degrees each way
//   "rotate 180 180"           from, to: an exact half turn
//   "flip horizontal"          left becomes right
//   "flip vertical"            top becomes bottom
//   "zoom 0.9 1.1"             a factor; above 1 is larger
//   "shear 10"  "shear 5 10"   rows move sideways; degrees as for rotate
//   "perspective 0.3"          corners move in by up to that share of half a side (torchvision's)
//   "perspective 0.1 0.3"      by between those shares
//   "elastic 34 4"             alpha in pixels, sigma in pixels (Simard, Steinkraus, Platt 2003)
//   "elastic 20 34 4"          alpha between the first two
//   "erase 0.05 0.2"           a rectangle of that share of the area becomes 0, between 0.3 and 1 / 0.3 times
//                              as high as wide (Zhong et al., "Random Erasing Data Augmentation", 2017)
//   "brightness 0.8 1.2"       a factor
//   "contrast 0.8 1.2"         a factor about the mean grey
//   "gamma 0.8 1.2"            255 (v / 255)^gamma
//   "blur 0 1"                 sigma of a gaussian, in pixels
//   "sharpen 0 1"              v + amount (v - v blurred by one pixel)
//   "noise gaussian 0 0.1"     a kind and a level, as noise.hpp defines them
//
// Each may end in a probability, "flip horizontal p=0.5": whether it is done is drawn for each picture.
//
// What is drawn is a function of (seed, sample, epoch, place in the list) alone: a probability, or another
// operation later in the list, changes nothing that is drawn before. Neighbours in the list that move pixels
// by a formula (all but elastic) are joined into one warp, so pixels are interpolated once; shifts by whole
// pixels, flips and quarter turns are exact. A quarter turn of a picture that is not square keeps its canvas:
// what sticks out is cut off, and where height and width differ by an odd number pixels fall between pixels.
// What no pixel of the old picture covers becomes 0, black, whatever the background of the picture is.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "titrate/image/image.hpp"
#include "titrate/image/noise.hpp"
#include "titrate/image/warp.hpp"

namespace titrate::image {

struct Shift {
  double pixels = 0;   // whole: an integer
  bool whole = false;  // integers are drawn, each of -pixels .. pixels with the same chance
  bool operator==(const Shift&) const = default;
};

// Degrees, counter-clockwise.
struct Rotate {
  double low = 0, high = 0;
  Rotate() = default;
  Rotate(double degrees) : low(-degrees), high(degrees) {}
  Rotate(double low_degrees, double high_degrees) : low(low_degrees), high(high_degrees) {}
  bool operator==(const Rotate&) const = default;
};

enum class FlipAxis { horizontal, vertical };
struct Flip {
  FlipAxis axis = FlipAxis::horizontal;
  bool operator==(const Flip&) const = default;
};

struct Zoom {
  double low = 1, high = 1;
  bool operator==(const Zoom&) const = default;
};

// Degrees; above 0 what is above the centre goes right.
struct Shear {
  double low = 0, high = 0;
  Shear() = default;
  Shear(double degrees) : low(-degrees), high(degrees) {}
  Shear(double low_degrees, double high_degrees) : low(low_degrees), high(high_degrees) {}
  bool operator==(const Shear&) const = default;
};

// Of a corner, each way: the share is drawn for every corner and axis.
struct Perspective {
  double low = 0, high = 0;
  Perspective() = default;
  Perspective(double strength) : high(strength) {}
  Perspective(double low_share, double high_share) : low(low_share), high(high_share) {}
  bool operator==(const Perspective&) const = default;
};
struct Elastic {
  double low = 0, high = 0;  // of alpha
  double sigma = 1;
  Elastic() = default;
  Elastic(double alpha, double width) : low(alpha), high(alpha), sigma(width) {}
  Elastic(double low_alpha, double high_alpha, double width)
      : low(low_alpha), high(high_alpha), sigma(width) {}
  bool operator==(const Elastic&) const = default;
};
struct Erase {
  double low = 0, high = 0;
  bool operator==(const Erase&) const = default;
};
struct Brightness {
  double low = 1, high = 1;
  bool operator==(const Brightness&) const = default;
};
struct Contrast {
  double low = 1, high = 1;
  bool operator==(const Contrast&) const = default;
};
struct Gamma {
  double low = 1, high = 1;
  bool operator==(const Gamma&) const = default;
};
struct Blur {
  double low = 0, high = 0;
  bool operator==(const Blur&) const = default;
};
struct Sharpen {
  double low = 0, high = 0;
  bool operator==(const Sharpen&) const = default;
};
struct AddNoise {
  NoiseKind kind = NoiseKind::gaussian;
  double low = 0, high = 0;
  bool operator==(const AddNoise&) const = default;
};

using Change = std::variant<Shift, Rotate, Flip, Zoom, Shear, Perspective, Elastic, Erase, Brightness,
                            Contrast, Gamma, Blur, Sharpen, AddNoise>;

struct Operation {
  Change change;
  double probability = 1;

  // Any change is an operation that is always done.
  template <class T>
  requires std::constructible_from<Change, T> &&
      (!std::same_as<std::remove_cvref_t<T>, Operation>)Operation(T&& done, double chance = 1)
      : change(std::forward<T>(done)), probability(chance) {}

  bool operator==(const Operation&) const = default;
};

// Throws Error (usage) that names `where` and what is wrong: an unknown name (with the nearest), a missing or
// extra value, one out of range.
Operation parse_operation(std::string_view text, std::string_view where);

// The shortest text that reads back as the same operation: "rotate -10 10" is "rotate 10".
std::string to_text(const Operation& operation);

// One line per form, then what holds for all, for --help.
std::string operations_help();

// Which draws an augmented picture is made with.
struct AugmentKey {
  std::uint64_t seed = 0;
  std::uint64_t sample = 0;  // the id of the picture that is made
  std::uint32_t epoch = 0;   // 0 when packing
};

// A changed copy of `view`, same shape; pixels from outside the picture are 0. `out` has its size, and may be
// its very pixels. Pure, and free of locks: threads need a scratch each.
void apply(std::span<const Operation> operations, const View& view, const AugmentKey& key,
           std::span<std::uint8_t> out, AugmentScratch& scratch);
Image apply(std::span<const Operation> operations, const View& view, const AugmentKey& key);

}  // namespace titrate::image
