#include "titrate/image/transform.hpp"

#include <utility>

#include "denoise.hpp"
#include "resize.hpp"
#include "titrate/core/error.hpp"
#include "transform_frame.hpp"
#include "transform_levels.hpp"

namespace titrate::image {
namespace {

using namespace transforms;

constexpr std::uint64_t kMostPixels = std::uint64_t{1} << 24;
constexpr std::uint32_t kMostChannels = 256;
constexpr std::uint64_t kMostWork = std::uint64_t{1} << 35;  // one to three minutes a picture

void need_size(std::uint64_t height, std::uint64_t width, std::uint32_t channels, const std::string& where,
               const std::string& what) {
  if (height > 0 && width > 0 && width <= kMostPixels / height && channels > 0 && channels <= kMostChannels)
    return;
  throw Error(
      {.code = ErrorCode::usage,
       .where = where,
       .what = what,
       .expected = "1 to 2^24 pixels of 1 to 256 channels",
       .got = std::to_string(height) + " x " + std::to_string(width) + " x " + std::to_string(channels)});
}

// What one operation makes of a shape.
struct NextShape {
  const Shape& shape;
  const Transform& transform;
  const std::string& where;

  [[noreturn]] void refuse(const std::string& what, const std::string& expected,
                           const std::string& hint = "") const {
    throw Error({.code = ErrorCode::usage,
                 .where = where,
                 .what = "operation \"" + to_text(transform) + "\": " + what,
                 .expected = expected,
                 .got = "a picture of " + to_string(shape),
                 .hint = hint});
  }
  void need_grey_or_rgb() const {
    if (shape.channels != 1 && shape.channels != 3) refuse("not for so many channels", "1 or 3 channels");
  }
  Shape sized(std::uint32_t height, std::uint32_t width) const {
    need_size(height, width, shape.channels, where, "operation \"" + to_text(transform) + "\": the result");
    return {height, width, shape.channels};
  }

  Shape operator()(const Grey&) const {
    need_grey_or_rgb();
    return {shape.height, shape.width, 1};
  }
  Shape operator()(const Rgb&) const {
    need_grey_or_rgb();
    return {shape.height, shape.width, 3};
  }
  Shape operator()(const Resize& o) const { return sized(o.height, o.width); }
  Shape operator()(const Crop& o) const {
    const std::uint64_t top = o.corner ? o.corner->top : 0, left = o.corner ? o.corner->left : 0;
    if (top + o.height > shape.height || left + o.width > shape.width)
      refuse(
          o.corner ? "reaches out of the picture" : "larger than the picture",
          "at least " + std::to_string(top + o.height) + " x " + std::to_string(left + o.width) + " pixels");
    return sized(o.height, o.width);
  }
  Shape operator()(const Pad& o) const {
    return sized(shape.height + 2 * o.pixels, shape.width + 2 * o.pixels);
  }
  Shape operator()(const Invert&) const { return shape; }
  Shape operator()(const CenterOfMass& o) const {
    if (shape.channels != 1) refuse("not for so many channels", "1 channel", "put \"grey\" before it");
    return sized(o.side, o.side);
  }
  Shape operator()(const Equalise&) const { return shape; }
  Shape operator()(const Tiles& o) const {
    if (shape.height % o.rows != 0 || shape.width % o.columns != 0)
      refuse("the parts are not equal",
             "a multiple of " + std::to_string(o.rows) + " x " + std::to_string(o.columns) + " pixels",
             "put \"crop\" or \"resize\" before it");
    return sized(shape.height / o.rows, shape.width / o.columns);
  }
  Shape operator()(const MedianDenoise&) const { return shape; }
  Shape operator()(const KnnDenoise& o) const {
    if (work_of_nearest(shape, o) > kMostWork)
      refuse("minutes of work for each picture", "a smaller COUNT or WINDOW, or fewer pixels",
             "put \"resize\" or \"crop\" before it, or use \"denoise median\"");
    return shape;
  }
};

// Does one operation, which fits the shape of `image`; `next` is the shape it gives.
struct Work {
  Image image;
  const Shape& next;
  std::uint32_t part;

  Image operator()(const Grey&) {
    return image.shape == next ? std::move(image) : grey_from_rgb(image.view());
  }
  Image operator()(const Rgb&) {
    return image.shape == next ? std::move(image) : rgb_from_grey(image.view());
  }
  Image operator()(const Resize& o) {
    if (o.aspect == Aspect::fit) return resize_to_fit(image.view(), o.height, o.width);
    if (o.aspect == Aspect::cover) return resize_to_cover(image.view(), o.height, o.width);
    return image.shape == next ? std::move(image) : resize(image.view(), o.height, o.width);
  }
  Image operator()(const Crop& o) {
    const Shape& shape = image.shape;
    const Corner middle{(shape.height - o.height) / 2, (shape.width - o.width) / 2};
    const Corner corner = o.corner.value_or(middle);
    return crop(image.view(), next, corner.top, corner.left);
  }
  Image operator()(const Pad& o) { return place(image.view(), next, o.pixels, o.pixels, o.level); }
  Image operator()(const Invert&) {
    invert(image.pixels);
    return std::move(image);
  }
  Image operator()(const CenterOfMass& o) { return center_of_mass(image.view(), o.box, o.side); }
  Image operator()(const Equalise&) {
    equalise(image);
    return std::move(image);
  }
  Image operator()(const Tiles& o) {
    return crop(image.view(), next, part / o.columns * next.height, part % o.columns * next.width);
  }
  Image operator()(const MedianDenoise& o) { return median_of_window(image.view(), o.size); }
  Image operator()(const KnnDenoise& o) { return mean_of_nearest(image.view(), o); }
};

void check_first(const Shape& shape, const std::string& where) {
  need_size(shape.height, shape.width, shape.channels, where, "a picture of a size that is not taken");
}

void check_patches(std::span<const Transform> list, const std::string& where) {
  const Transform* seen = nullptr;
  for (const Transform& transform : list) {
    if (!std::holds_alternative<Tiles>(transform)) continue;
    if (seen)
      throw Error(
          {.code = ErrorCode::usage,
           .where = where,
           .what = "operation \"" + to_text(transform) + "\": there is \"" + to_text(*seen) + "\" already",
           .hint = "one patches with more rows and columns does the same"});
    seen = &transform;
  }
}

}  // namespace

std::uint32_t parts_of(std::span<const Transform> list) {
  std::uint32_t parts = 1;
  for (const Transform& transform : list) {
    if (const auto* patches = std::get_if<Tiles>(&transform)) parts *= patches->rows * patches->columns;
  }
  return parts;
}

Shape shape_after(std::span<const Transform> list, const Shape& shape, const std::string& where) {
  check_first(shape, where);
  check_patches(list, where);
  Shape now = shape;
  for (const Transform& transform : list) now = std::visit(NextShape{now, transform, where}, transform);
  return now;
}

Image transform(std::span<const Transform> list, Image image, std::uint32_t part) {
  static const std::string where = "transform";
  check_first(image.shape, where);
  check_patches(list, where);
  if (part >= parts_of(list))
    throw Error({.code = ErrorCode::internal, .where = where, .what = "no part " + std::to_string(part)});
  for (const Transform& one : list) {
    const Shape next = std::visit(NextShape{image.shape, one, where}, one);
    image = std::visit(Work{std::move(image), next, part}, one);
  }
  return image;
}

}  // namespace titrate::image
