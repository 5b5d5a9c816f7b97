// From row numbers to the floats a network sees: gather, augment, noise, denoise, standardise, pad.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "titrate/data/catalog.hpp"
#include "titrate/data/standardisation.hpp"
#include "titrate/image/noise.hpp"
#include "titrate/image/operation.hpp"
#include "titrate/image/transform.hpp"

namespace titrate::data {

// What happens to an image on its way into a batch, in this order.
struct Pipeline {
  std::uint64_t seed = 0;  // of augmentation and noise

  std::vector<image::Operation> augment{};  // drawn anew for each image and epoch
  image::Noise noise{};
  bool fresh_noise = false;                 // drawn anew each epoch; else it belongs to the image
  std::vector<image::Transform> denoise{};  // keep the shape; see parse_denoise()
  Standardisation standardisation{};

  // Of what the network sees: the image in the middle (an odd rest is one pixel more below and on the right)
  // of level 0, standardised as its channel is; where each pixel has a mean of its own, what lies outside of
  // the image is 0.0, as a pixel that is always 0 is. 0: as the image.
  std::uint32_t height = 0, width = 0;

  std::shared_ptr<const std::vector<std::int32_t>> labels{};  // by row of the catalog; null: the catalog's
};

// The label of each row of the catalog: the pipeline's, where it has labels, else the catalog's. A view.
std::span<const std::int32_t> labels_of(const Dataset& dataset, const Pipeline& pipeline);

// Reads "denoise ..." forms (transform.hpp). Throws Error (usage) that names `where`, for other transforms
// too.
std::vector<image::Transform> parse_denoise(std::span<const std::string> texts, std::string_view where);

// The shape a network sees of images of `shape`.
image::Shape input_shape(const Pipeline& pipeline, const image::Shape& shape);

// Throws Error (usage) that names `where` when the images do not fit into what the network sees, or when
// `denoise` is too much work for them; Error (internal) for a standardisation of other images, other labels
// than the catalog has rows, or a transform that does not keep the shape.
void check_pipeline(const Dataset& dataset, const Pipeline& pipeline, std::string_view where);

// One image from outside of a dataset as a test image is written: denoised, standardised, padded. Throws
// Error (usage) that names `where` when it is larger than what the network sees.
void fill_image(const image::View& view, const Pipeline& pipeline, std::span<float> out,
                std::string_view where);

// Writes rows.size() x C x H x W floats (input_shape()) to `images` and one class index each to `labels`. A
// function of its arguments alone: how rows are cut into batches does not matter. Augmentation has the epoch
// `epoch` + 1, because packing used 0; fresh noise has the seed hash_words(seed, epoch + 1). Throws as
// check_pipeline().
void fill_batch(const Dataset& dataset, const Pipeline& pipeline, std::span<const std::uint32_t> rows,
                std::span<float> images, std::span<std::int64_t> labels, std::uint32_t epoch = 0);

}  // namespace titrate::data
