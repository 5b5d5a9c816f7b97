#include "titrate/data/batch.hpp"

#include <gtest/gtest.h>

#include "support/make_dataset.hpp"

namespace titrate::data {
namespace {

struct Batch {
  std::vector<float> images;
  std::vector<std::int64_t> labels;
};

Batch filled(const Dataset& dataset, const Pipeline& pipeline, const std::vector<std::uint32_t>& rows) {
  Batch batch{std::vector<float>(rows.size() * dataset.shape().bytes()),
              std::vector<std::int64_t>(rows.size())};
  fill_batch(dataset, pipeline, rows, batch.images, batch.labels);
  return batch;
}

// What the floats of one image should be: channels first, (pixel / 255 - mean) / deviation.
std::vector<float> expected_floats(const Dataset& dataset, std::span<const std::uint8_t> pixels) {
  const image::Shape& shape = dataset.shape();
  std::vector<float> floats;
  for (std::uint32_t c = 0; c < shape.channels; ++c) {
    for (std::uint32_t y = 0; y < shape.height; ++y) {
      for (std::uint32_t x = 0; x < shape.width; ++x) {
        const double value = pixels[(y * shape.width + x) * shape.channels + c] / 255.0;
        floats.push_back(
            static_cast<float>((value - dataset.manifest().mean[c]) / dataset.manifest().deviation[c]));
      }
    }
  }
  return floats;
}

std::vector<float> image_of(const Dataset& dataset, const Batch& batch, std::size_t index) {
  const std::size_t size = dataset.shape().bytes();
  const auto begin = batch.images.begin() + static_cast<std::ptrdiff_t>(index * size);
  return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

const test::LoadedDataset& colour() {
  static const test::LoadedDataset dataset = [] {
    auto content = test::random_content({5, 7, 3}, std::vector<test::ClassSize>(3, {.real = 8, .test = 2}));
    for (test::Sample& sample : content.samples) {
      for (std::size_t i = 0; i < sample.pixels.size(); i += 3)
        sample.pixels[i] /= 2;  // channels that differ
    }
    return test::make_dataset(content);
  }();
  return dataset;
}

TEST(FillBatch, NormalisesAndPutsChannelsFirst) {
  const Dataset& dataset = *colour();
  EXPECT_LT(dataset.manifest().mean[0], 0.7 * dataset.manifest().mean[1]);
  const std::vector<std::uint32_t> rows{20, 3, 3, 0};
  const Batch batch = filled(dataset, make_pipeline(dataset.manifest(), {}, 1), rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(batch.labels[i], dataset.catalog().label[rows[i]]);
    EXPECT_EQ(image_of(dataset, batch, i), expected_floats(dataset, dataset.pixels(rows[i])));
  }
}

TEST(FillBatch, TrainingImagesHaveMeanZeroAndDeviationOne) {
  const Dataset& dataset = *colour();
  const auto rows = dataset.rows_of(Split::train);
  const Batch batch = filled(dataset, make_pipeline(dataset.manifest(), {}, 1), rows);
  const std::size_t area = dataset.shape().pixels();
  for (std::size_t c = 0; c < 3; ++c) {
    double sum = 0, square = 0;
    for (std::size_t i = 0; i < batch.images.size(); ++i) {
      if (i / area % 3 != c) continue;
      sum += batch.images[i];
      square += batch.images[i] * batch.images[i];
    }
    const auto count = static_cast<double>(rows.size() * area);
    EXPECT_NEAR(sum / count, 0, 1e-6);
    EXPECT_NEAR(square / count, 1, 1e-6);
  }
}

TEST(FillBatch, AddsTheNoiseOfTheSampleToItsPixels) {
  const Dataset& dataset = *colour();
  const std::vector<std::uint32_t> rows{5, 17, 5};
  for (const image::Noise noise :
       {image::Noise{image::NoiseKind::gaussian, 0.3}, image::Noise{image::NoiseKind::salt_pepper, 0.2}}) {
    const Batch batch = filled(dataset, make_pipeline(dataset.manifest(), noise, 42), rows);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto clean = dataset.pixels(rows[i]);
      std::vector<std::uint8_t> noisy(clean.begin(), clean.end());
      image::add_noise(noisy, noise, 42, dataset.catalog().sample_id[rows[i]]);
      EXPECT_FALSE(std::equal(noisy.begin(), noisy.end(), clean.begin()));
      EXPECT_EQ(image_of(dataset, batch, i), expected_floats(dataset, noisy));
    }
    EXPECT_EQ(image_of(dataset, batch, 0), image_of(dataset, batch, 2));
  }
}

TEST(Pipeline, AChannelWithoutDeviationIsOnlyCentred) {
  shard::Manifest manifest{.shape = {2, 2, 2}, .mean = {0.5, 0.25}, .deviation = {0, 0.5}};
  const Pipeline pipeline = make_pipeline(manifest, {}, 1);
  ASSERT_EQ(pipeline.standardisation.table.size(), 512u);
  EXPECT_FLOAT_EQ(pipeline.standardisation.table[255], 0.5f);
  EXPECT_FLOAT_EQ(pipeline.standardisation.table[256 + 255], 1.5f);
}

}  // namespace
}  // namespace titrate::data
