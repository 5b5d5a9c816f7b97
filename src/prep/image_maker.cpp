#include "image_maker.hpp"

#include "titrate/core/error.hpp"

namespace titrate::prep {

const image::Image& ImageMaker::plain(const Planned& planned) {
  const auto& transforms = recipe_.sources[planned.source].transforms;
  const bool same_item = last_ && last_->source == planned.source && last_->item == planned.item;
  if (same_item && (transforms.empty() || last_->part == planned.part))
    return transforms.empty() ? read_ : plain_;
  if (!same_item) {
    last_.reset();
    read_ = sources_[planned.source]->read(planned.item);
    const image::Shape& listed = sources_[planned.source]->listing().items[planned.item].shape;
    if (read_.shape != listed) {
      throw Error({.code = ErrorCode::integrity,
                   .where = place_of(recipe_, sources_, planned),
                   .what = "the image has another shape than its header said",
                   .expected = image::to_string(listed),
                   .got = image::to_string(read_.shape)});
    }
  }
  if (!transforms.empty()) plain_ = image::transform(transforms, read_, planned.part);
  last_ = planned;
  return transforms.empty() ? read_ : plain_;
}

image::Image ImageMaker::child(const image::Image& plain, const Planned& planned,
                               std::uint64_t sample) const {
  return image::apply(recipe_.augments[planned.augment - 1].operations, plain.view(),
                      {.seed = recipe_.seed, .sample = sample});
}

}  // namespace titrate::prep
