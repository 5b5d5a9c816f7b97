#include "titrate/data/batch.hpp"

#include <algorithm>
#include <variant>

#include "titrate/core/error.hpp"
#include "titrate/core/random.hpp"

namespace titrate::data {
namespace {

// Does to images what comes before standardisation. One serves many images, so that its memory does.
class Preparation {
 public:
  Preparation(const Dataset& dataset, const Pipeline& pipeline, std::uint32_t epoch)
      : dataset_(dataset),
        pipeline_(pipeline),
        epoch_(epoch + 1),
        noise_seed_(pipeline.fresh_noise ? hash_words(pipeline.seed, epoch_) : pipeline.seed),
        needed_(!pipeline.augment.empty() || pipeline.noise.level > 0 || !pipeline.denoise.empty()) {
    if (needed_) image_ = image::Image(dataset.shape());
  }

  // Valid until the next call.
  std::span<const std::uint8_t> operator()(std::uint32_t row) {
    const std::span<const std::uint8_t> stored = dataset_.pixels(row);
    if (!needed_) return stored;
    const std::uint64_t sample = dataset_.catalog().sample_id[row];
    if (pipeline_.augment.empty()) {
      std::copy(stored.begin(), stored.end(), image_.pixels.begin());
    } else {
      image::apply(pipeline_.augment, {dataset_.shape(), stored}, {pipeline_.seed, sample, epoch_},
                   image_.pixels, scratch_);
    }
    image::add_noise(image_.pixels, pipeline_.noise, noise_seed_, sample);
    if (!pipeline_.denoise.empty()) image_ = image::transform(pipeline_.denoise, std::move(image_));
    return image_.pixels;
  }

 private:
  const Dataset& dataset_;
  const Pipeline& pipeline_;
  std::uint32_t epoch_;
  std::uint64_t noise_seed_;
  bool needed_;
  image::Image image_;
  image::AugmentScratch scratch_;
};

// Writes prepared images as floats, channels first, in the middle of their frames.
class FloatWriter {
 public:
  FloatWriter(const image::Shape& shape, const image::Shape& frame, const Standardisation& standardisation)
      : shape_(shape), frame_(frame), standardisation_(standardisation) {}

  void write(std::span<const std::uint8_t> pixels, float* out) const {
    for (std::size_t c = 0; c < shape_.channels; ++c, out += frame_.pixels()) {
      if (frame_ == shape_) {
        write_run(pixels.data(), c, 0, shape_.pixels(), out);
      } else {
        write_framed(pixels.data(), c, out);
      }
    }
  }

 private:
  void write_framed(const std::uint8_t* pixels, std::size_t channel, float* out) const {
    const std::size_t top = (frame_.height - shape_.height) / 2, left = (frame_.width - shape_.width) / 2;
    std::fill_n(out, frame_.pixels(),
                standardisation_.table.empty() ? 0.0f : standardisation_.table[channel * 256]);
    for (std::size_t y = 0; y < shape_.height; ++y) {
      write_run(pixels, channel, y * shape_.width, shape_.width, out + (top + y) * frame_.width + left);
    }
  }

  // `count` pixels of one channel, from pixel `first` on.
  void write_run(const std::uint8_t* pixels, std::size_t channel, std::size_t first, std::size_t count,
                 float* out) const {
    const std::size_t channels = shape_.channels, start = first * channels + channel;
    const std::uint8_t* pixel = pixels + start;
    if (!standardisation_.table.empty()) {
      const float* level = standardisation_.table.data() + channel * 256;
      for (std::size_t i = 0; i < count; ++i) out[i] = level[pixel[i * channels]];
      return;
    }
    const float *mean = standardisation_.mean.data() + start, *scale = standardisation_.scale.data() + start;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t place = i * channels;
      out[i] = (static_cast<float>(pixel[place]) - mean[place]) * scale[place];
    }
  }

  image::Shape shape_, frame_;
  const Standardisation& standardisation_;
};

void check_frame(const image::Shape& shape, const image::Shape& frame, std::string_view where) {
  if (shape.height <= frame.height && shape.width <= frame.width) return;
  throw Error({.code = ErrorCode::usage,
               .where = std::string(where),
               .what = "the images are larger than what the network sees",
               .expected = "at most " + image::to_string(frame),
               .got = image::to_string(shape),
               .hint = "pack them with the transform \"resize " + std::to_string(frame.height) + " " +
                       std::to_string(frame.width) + "\""});
}

bool fits(const Standardisation& standardisation, const image::Shape& shape) {
  if (!standardisation.table.empty())
    return standardisation.table.size() == std::size_t{shape.channels} * 256;
  return standardisation.mean.size() == shape.bytes() && standardisation.scale.size() == shape.bytes();
}

}  // namespace

std::vector<image::Transform> parse_denoise(std::span<const std::string> texts, std::string_view where) {
  std::vector<image::Transform> list;
  for (const std::string& text : texts) {
    list.push_back(image::parse_transform(text, where));
    if (std::holds_alternative<image::transforms::MedianDenoise>(list.back()) ||
        std::holds_alternative<image::transforms::KnnDenoise>(list.back())) {
      continue;
    }
    throw Error({.code = ErrorCode::usage,
                 .where = std::string(where),
                 .what = "operation \"" + text + "\": belongs into the recipe of the dataset",
                 .expected = "\"denoise median ...\" or \"denoise knn ...\""});
  }
  return list;
}

image::Shape input_shape(const Pipeline& pipeline, const image::Shape& shape) {
  return {pipeline.height > 0 ? pipeline.height : shape.height,
          pipeline.width > 0 ? pipeline.width : shape.width, shape.channels};
}

void check_pipeline(const Dataset& dataset, const Pipeline& pipeline, std::string_view where) {
  const image::Shape& shape = dataset.shape();
  const auto refuse = [&](const char* what) {
    throw Error({.code = ErrorCode::internal, .where = std::string(where), .what = what});
  };
  check_frame(shape, input_shape(pipeline, shape), where);
  if (!fits(pipeline.standardisation, shape)) refuse("a standardisation of images of another shape");
  if (pipeline.labels && pipeline.labels->size() != dataset.catalog().rows()) refuse("labels of other rows");
  if (pipeline.denoise.empty()) return;
  if (image::shape_after(pipeline.denoise, shape, std::string(where)) != shape) {
    refuse("denoising that does not keep the shape");
  }
}

void fill_image(const image::View& view, const Pipeline& pipeline, std::span<float> out,
                std::string_view where) {
  const image::Shape frame = input_shape(pipeline, view.shape);
  check_frame(view.shape, frame, where);
  const image::Image prepared = image::transform(pipeline.denoise, image::Image(view));
  FloatWriter(view.shape, frame, pipeline.standardisation).write(prepared.pixels, out.data());
}

std::span<const std::int32_t> labels_of(const Dataset& dataset, const Pipeline& pipeline) {
  if (pipeline.labels) return *pipeline.labels;
  return dataset.catalog().label;
}

void fill_batch(const Dataset& dataset, const Pipeline& pipeline, std::span<const std::uint32_t> rows,
                std::span<float> images, std::span<std::int64_t> labels, std::uint32_t epoch) {
  check_pipeline(dataset, pipeline, "fill_batch");
  const image::Shape& shape = dataset.shape();
  const image::Shape frame = input_shape(pipeline, shape);
  const std::span<const std::int32_t> label_of = labels_of(dataset, pipeline);
  Preparation prepared(dataset, pipeline, epoch);
  const FloatWriter writer(shape, frame, pipeline.standardisation);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    writer.write(prepared(rows[i]), images.data() + i * frame.bytes());
    labels[i] = label_of[rows[i]];
  }
}

}  // namespace titrate::data
