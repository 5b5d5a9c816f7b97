// Transforms: what is done to every image on its way into a dataset, in the order of the recipe. Unlike an
// augmentation (operation.hpp) a transform draws nothing, may change the shape, and may make several images
// of one.
//
//   "grey"  "rgb"                   one channel; three
//   "resize 28"  "resize 32 64"     square, or height and width
//   "resize 28 fit"                 the aspect is kept, the rest is 0; "cover" cuts instead
//   "crop 20 20"  "crop 20 20 4 4"  the middle, or from TOP LEFT
//   "pad 2"  "pad 2 255"            a frame of 0, or of that level
//   "invert"  "equalise"            levels
//   "center_of_mass 20 28"          ink in the middle, as MNIST has it
//   "patches 2 2"                   one image becomes four
//   "denoise median 3"              noise filters, see below
//   "denoise knn 10 5 21"           COUNT PATCH WINDOW
//
// Where the arithmetic comes from:
//   grey            ITU-R 601-2 luma in 16-bit fixed point, as Pillow's convert("L"):
//                   (19595 R + 38470 G + 7471 B + 32768) >> 16
//   resize          an axis that shrinks is averaged by area (an output pixel is the mean of what it covers,
//                   fractions of pixels included); one that grows is bilinear with half-pixel centres, as
//                   torch's interpolate(align_corners=False). Exact fractions, rounded half up once.
//   equalise        the histogram equalisation of Pillow's ImageOps.equalize, each channel alone
//   center_of_mass  how MNIST was made (LeCun, Cortes, Burges): ink scaled into a 20 x 20 box with its aspect
//                   kept, then moved by whole pixels until its centre of mass lies in the middle of 28 x 28
//   denoise median  median of a square window, borders replicated, each channel alone
//   denoise knn     non-local means (Buades, Coll, Morel 2005) with equal weights on the K nearest patches
//
// Everything is integer arithmetic, or divisions that are exact where they are cut: the same bits everywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "titrate/image/image.hpp"

namespace titrate::image {

// A namespace of their own: augmentations have structs of such names too.
namespace transforms {

struct Grey {
  bool operator==(const Grey&) const = default;
};
struct Rgb {
  bool operator==(const Rgb&) const = default;
};

// stretch: each axis for itself. fit: all of the picture, aspect kept, the rest 0, in the middle. cover:
// the largest middle part that has the new aspect, stretched.
enum class Aspect { stretch, fit, cover };

struct Resize {
  std::uint32_t height = 0, width = 0;
  Aspect aspect = Aspect::stretch;
  bool operator==(const Resize&) const = default;
};

struct Corner {
  std::uint32_t top = 0, left = 0;
  bool operator==(const Corner&) const = default;
};

struct Crop {
  std::uint32_t height = 0, width = 0;
  std::optional<Corner> corner{};  // none: the middle; an odd rest is one pixel more below and on the right
  bool operator==(const Crop&) const = default;
};

struct Pad {
  std::uint32_t pixels = 0;  // on each side
  std::uint8_t level = 0;    // in every channel
  bool operator==(const Pad&) const = default;
};

struct Invert {
  bool operator==(const Invert&) const = default;
};

// Ink is whatever is not 0; one channel only. A picture without ink stays black. Ink is never moved out of
// the picture: where that would happen its centre of mass stays off the middle.
struct CenterOfMass {
  std::uint32_t box = 20;   // longer side of the ink
  std::uint32_t side = 28;  // of the picture that is made; its middle is pixel side / 2, as MNIST has it
  bool operator==(const CenterOfMass&) const = default;
};

struct Equalise {
  bool operator==(const Equalise&) const = default;
};

struct Tiles {
  std::uint32_t rows = 1, columns = 1;
  bool operator==(const Tiles&) const = default;
};

struct MedianDenoise {
  std::uint32_t size = 3;  // odd
  bool operator==(const MedianDenoise&) const = default;
};

// Each pixel becomes the mean, rounded half up, of the pixels whose surroundings are most like its own
// (itself among them): `count` patches of patch x patch x channels with the smallest sum of squared
// differences; of equals the earlier in reading order. Borders are reflected without repeating the edge.
// Candidates lie in the window around the pixel, inside the picture; where it holds fewer than `count`, all
// are taken.
struct KnnDenoise {
  std::uint32_t count = 10;
  std::uint32_t patch = 5;   // 3 or 5
  std::uint32_t window = 0;  // odd side; 0: the whole picture up to 28 x 28, else 21
  bool operator==(const KnnDenoise&) const = default;
};

}  // namespace transforms

using Transform =
    std::variant<transforms::Grey, transforms::Rgb, transforms::Resize, transforms::Crop, transforms::Pad,
                 transforms::Invert, transforms::CenterOfMass, transforms::Equalise, transforms::Tiles,
                 transforms::MedianDenoise, transforms::KnnDenoise>;

// Throws Error (usage) that names `where` and what is wrong: an unknown name (with the nearest), a missing or
// extra value, one out of range, a probability.
Transform parse_transform(std::string_view text, std::string_view where);

// The shortest text that reads back as the same transform: "resize 28 28" is "resize 28".
std::string to_text(const Transform& transform);

// One line per form, for --help.
std::string transforms_help();

// How many images are made of one.
std::uint32_t parts_of(std::span<const Transform> list);

// The shape of every part. Throws Error (usage) that names `where` and the operation that cannot be done to
// such a picture: a crop that is larger, patches that leave a rest, a second `patches`, channels other than
// those it takes, a result of more than 2^24 pixels, a `denoise knn` that would take minutes.
Shape shape_after(std::span<const Transform> list, const Shape& shape, const std::string& where);

// Part `part` of the image, 0 to parts_of(list) - 1, row by row; its shape is shape_after(). Pure. Throws as
// shape_after(), and Error (internal) for a part that there is not.
Image transform(std::span<const Transform> list, Image image, std::uint32_t part = 0);

}  // namespace titrate::image
