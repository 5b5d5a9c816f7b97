#include "image_maker.hpp"

namespace titrate::prep {

const image::Image& ImageMaker::plain(const Planned& planned) {
  const auto& transforms = recipe_.sources[planned.source].transforms;
  const bool same_item = last_ && last_->source == planned.source && last_->item == planned.item;
  if (same_item && last_->part == planned.part) return plain_;
  if (!same_item) {
    last_.reset();
    read_ = sources_[planned.source]->read(planned.item);
  }
  plain_ = transforms.empty() ? read_ : image::transform(transforms, read_, planned.part);
  last_ = planned;
  return plain_;
}

image::Image ImageMaker::child(const image::Image& plain, const Planned& planned,
                               std::uint64_t sample) const {
  return image::apply(recipe_.augments[planned.augment - 1].operations, plain.view(),
                      {.seed = recipe_.seed, .sample = sample});
}

}  // namespace titrate::prep
