// Draws what an operation leaves open, and does it.
#include <algorithm>
#include <array>
#include <cmath>

#include "elastic.hpp"
#include "noise.hpp"
#include "random_words.hpp"
#include "series.hpp"
#include "sharpness.hpp"
#include "titrate/image/operation.hpp"
#include "tone.hpp"

namespace titrate::image {
namespace {

// The numbers of one operation of one picture. Sixteen words belong to each place in the list; the first says
// whether it is done at all.
class Draws {
 public:
  Draws(const RandomStream& stream, std::size_t place)
      : stream_(stream), first_(static_cast<std::uint32_t>(place) * 4), words_(stream.block(first_)) {}

  bool happens(double probability) const { return words_[0] * 0x1p-32 < probability; }

  double uniform(double low, double high) {
    if (++used_ % 4 == 0) words_ = stream_.block(first_ + used_ / 4);
    return low + (high - low) * (words_[used_ % 4] * 0x1p-32);
  }

 private:
  const RandomStream& stream_;
  std::uint32_t first_, used_ = 0;
  PhiloxCounter words_;
};

// Moves by a formula, which are joined.
Projection draw(const Shift& o, Draws& draws, const Shape&) {
  const auto one = [&] {
    return o.whole ? std::floor(draws.uniform(-o.pixels, o.pixels + 1)) : draws.uniform(-o.pixels, o.pixels);
  };
  const double right = one();
  return shift_by(right, one());
}
Projection draw(const Rotate& o, Draws& draws, const Shape&) {
  return rotate_by(draws.uniform(o.low, o.high));
}
Projection draw(const Zoom& o, Draws& draws, const Shape&) { return zoom_by(draws.uniform(o.low, o.high)); }
Projection draw(const Shear& o, Draws& draws, const Shape&) { return shear_by(draws.uniform(o.low, o.high)); }
Projection draw(const Flip& o, Draws&, const Shape&) {
  return o.axis == FlipAxis::horizontal ? flip_horizontal() : flip_vertical();
}
Projection draw(const Perspective& o, Draws& draws, const Shape& shape) {
  const double x = shape.width / 2.0, y = shape.height / 2.0;
  std::array<Point, 4> corners{Point{-x, -y}, Point{x, -y}, Point{x, y}, Point{-x, y}};
  for (Point& corner : corners) {
    corner.x *= 1 - draws.uniform(o.low, o.high);
    corner.y *= 1 - draws.uniform(o.low, o.high);
  }
  return perspective_to(corners, shape);
}

// A picture on its way through a list: moves wait until a pixel is needed.
class Augmentation {
 public:
  Augmentation(const View& view, const AugmentKey& key, std::span<std::uint8_t> out, AugmentScratch& scratch)
      : source_(view), canvas_{view.shape, out}, key_(key), scratch_(scratch) {}

  template <class Move>
  requires requires(const Move& move, Draws& draws) { draw(move, draws, Shape{}); }
  void operator()(const Move& move, Draws& draws, std::size_t) {
    moves_ = then(moves_, draw(move, draws, canvas_.shape));
  }

  void operator()(const Elastic& o, Draws& draws, std::size_t place) {
    distort(settle().view(), draws.uniform(o.low, o.high), o.sigma, field(place), canvas_.pixels, scratch_);
  }
  void operator()(const Erase& o, Draws& draws, std::size_t) { erase(settle(), rectangle(o, draws)); }
  void operator()(const Brightness& o, Draws& draws, std::size_t) {
    scale_brightness(settle(), draws.uniform(o.low, o.high));
  }
  void operator()(const Contrast& o, Draws& draws, std::size_t) {
    scale_contrast(settle(), draws.uniform(o.low, o.high));
  }
  void operator()(const Gamma& o, Draws& draws, std::size_t) {
    apply_gamma(settle(), draws.uniform(o.low, o.high));
  }
  void operator()(const Blur& o, Draws& draws, std::size_t) {
    blur(settle(), draws.uniform(o.low, o.high), scratch_);
  }
  void operator()(const Sharpen& o, Draws& draws, std::size_t) {
    sharpen(settle(), draws.uniform(o.low, o.high), scratch_);
  }
  void operator()(const AddNoise& o, Draws& draws, std::size_t place) {
    add_noise(settle().pixels, {o.kind, draws.uniform(o.low, o.high)}, field(place));
  }

  // Does the moves that wait; the picture is then in the canvas.
  const Canvas& settle() {
    warp(source_, moves_, canvas_.pixels, scratch_);
    moves_ = {};
    source_ = canvas_.view();
    return canvas_;
  }

 private:
  RandomWords field(std::size_t place) const {
    return {hash_words(key_.seed, place), Purpose::augmentation_field, key_.sample, key_.epoch};
  }

  // Zhong et al. draw again until a rectangle fits; here its proportions are drawn among those that do.
  Rectangle rectangle(const Erase& o, Draws& draws) const {
    const double height = canvas_.shape.height, width = canvas_.shape.width;
    const double area = draws.uniform(o.low, o.high) * height * width;
    const double least = area / (width * width), most = height * height / area;
    const double low = std::clamp(0.3, least, most), high = std::clamp(1 / 0.3, least, most);
    const double ratio = exponential(draws.uniform(logarithm(low), logarithm(high)));
    const double rows = std::clamp(std::round(std::sqrt(area * ratio)), 1.0, height);
    const double columns = std::clamp(std::round(area / rows), 1.0, width);
    const double top = std::floor(draws.uniform(0, height - rows + 1));
    const double left = std::floor(draws.uniform(0, width - columns + 1));
    const auto whole = [](double value) { return static_cast<std::uint32_t>(value); };
    return {whole(top), whole(left), whole(rows), whole(columns)};
  }

  View source_;
  Canvas canvas_;
  AugmentKey key_;
  AugmentScratch& scratch_;
  Projection moves_;
};

}  // namespace

void apply(std::span<const Operation> operations, const View& view, const AugmentKey& key,
           std::span<std::uint8_t> out, AugmentScratch& scratch) {
  if (view.pixels.empty()) return;
  const RandomStream stream(key.seed, Purpose::augmentation, key.sample, key.epoch);
  Augmentation augmentation(view, key, out, scratch);
  for (std::size_t place = 0; place < operations.size(); ++place) {
    Draws draws(stream, place);
    if (!draws.happens(operations[place].probability)) continue;
    std::visit([&](const auto& change) { augmentation(change, draws, place); }, operations[place].change);
  }
  augmentation.settle();
}

Image apply(std::span<const Operation> operations, const View& view, const AugmentKey& key) {
  AugmentScratch scratch;
  Image result(view.shape);
  apply(operations, view, key, result.pixels, scratch);
  return result;
}

}  // namespace titrate::image
