#include "titrate/data/batch.hpp"

#include <algorithm>

namespace titrate::data {

Pipeline make_pipeline(const shard::Manifest& manifest, const image::Noise& noise, std::uint64_t seed) {
  Pipeline pipeline{.noise = noise, .seed = seed};
  for (std::size_t c = 0; c < manifest.shape.channels; ++c) {
    const double deviation = manifest.deviation[c] > 0 ? manifest.deviation[c] : 1.0;
    for (int level = 0; level < 256; ++level) {
      pipeline.normalised.push_back(static_cast<float>((level / 255.0 - manifest.mean[c]) / deviation));
    }
  }
  return pipeline;
}

void fill_batch(const Dataset& dataset, const Pipeline& pipeline, std::span<const std::uint32_t> rows,
                std::span<float> images, std::span<std::int64_t> labels) {
  const image::Shape& shape = dataset.shape();
  const std::size_t channels = shape.channels, area = shape.pixels();
  std::vector<std::uint8_t> noisy(pipeline.noise.level > 0 ? shape.bytes() : 0);
  float* out = images.data();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::span<const std::uint8_t> pixels = dataset.pixels(rows[i]);
    labels[i] = dataset.catalog().label[rows[i]];
    if (!noisy.empty()) {
      std::copy(pixels.begin(), pixels.end(), noisy.begin());
      image::add_noise(noisy, pipeline.noise, pipeline.seed, dataset.catalog().sample_id[rows[i]]);
      pixels = noisy;
    }
    for (std::size_t c = 0; c < channels; ++c) {
      const float* level = pipeline.normalised.data() + c * 256;
      const std::uint8_t* pixel = pixels.data() + c;
      for (std::size_t p = 0; p < area; ++p) *out++ = level[pixel[p * channels]];
    }
  }
}

}  // namespace titrate::data
