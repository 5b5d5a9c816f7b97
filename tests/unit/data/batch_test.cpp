#include "titrate/data/batch.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/make_dataset.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/random.hpp"

namespace titrate::data {
namespace {

struct Batch {
  std::vector<float> images;
  std::vector<std::int64_t> labels;
};

Batch filled(const Dataset& dataset, const Pipeline& pipeline, const std::vector<std::uint32_t>& rows,
             std::uint32_t epoch = 0) {
  Batch batch{std::vector<float>(rows.size() * input_shape(pipeline, dataset.shape()).bytes(), -99.0f),
              std::vector<std::int64_t>(rows.size())};
  fill_batch(dataset, pipeline, rows, batch.images, batch.labels, epoch);
  return batch;
}

image::View view_of(const Dataset& dataset, std::uint32_t row) {
  return {dataset.shape(), dataset.pixels(row)};
}

ErrorInfo refusal(const Dataset& dataset, const Pipeline& pipeline, ErrorCode code) {
  try {
    check_pipeline(dataset, pipeline, "here");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.info();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
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

TEST(FillBatch, FixedNoiseBelongsToTheImageAndFreshNoiseToTheEpoch) {
  const Dataset& dataset = *colour();
  const std::vector<std::uint32_t> rows{5, 17};
  Pipeline pipeline = make_pipeline(dataset.manifest(), {image::NoiseKind::uniform, 0.3}, 42);
  EXPECT_EQ(filled(dataset, pipeline, rows, 0).images, filled(dataset, pipeline, rows, 3).images);
  pipeline.fresh_noise = true;
  const Batch first = filled(dataset, pipeline, rows, 0), fourth = filled(dataset, pipeline, rows, 3);
  EXPECT_EQ(filled(dataset, pipeline, rows, 3).images, fourth.images);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_NE(image_of(dataset, first, i), image_of(dataset, fourth, i));
    image::Image noisy(view_of(dataset, rows[i]));
    image::add_noise(noisy.pixels, pipeline.noise, hash_words(42, 4), dataset.catalog().sample_id[rows[i]]);
    EXPECT_EQ(image_of(dataset, fourth, i), expected_floats(dataset, noisy.pixels));
  }
}

TEST(FillBatch, AugmentationIsDrawnForEachImageAndEpoch) {
  const Dataset& dataset = *colour();
  const std::vector<std::uint32_t> rows{2, 9, 2};
  Pipeline pipeline = make_pipeline(dataset.manifest(), {}, 7);
  pipeline.augment = {image::Shift{2}, image::Brightness{0.5, 1.5}};
  const Batch first = filled(dataset, pipeline, rows, 0), next = filled(dataset, pipeline, rows, 1);
  for (const std::uint32_t epoch : {0u, 1u}) {
    const Batch& batch = epoch == 0 ? first : next;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const image::AugmentKey key{7, dataset.catalog().sample_id[rows[i]], epoch + 1};
      const image::Image changed = image::apply(pipeline.augment, view_of(dataset, rows[i]), key);
      EXPECT_EQ(image_of(dataset, batch, i), expected_floats(dataset, changed.pixels));
    }
    EXPECT_EQ(image_of(dataset, batch, 0), image_of(dataset, batch, 2));
  }
  for (std::size_t i = 0; i < rows.size(); ++i)
    EXPECT_NE(image_of(dataset, first, i), image_of(dataset, next, i));
  Pipeline other = pipeline;
  other.seed = 8;
  EXPECT_NE(filled(dataset, other, rows).images, first.images);
}

// What is done does not depend on who else is in the batch: parts of it may be filled on several ranks.
TEST(FillBatch, GivesAnImageTheSameFloatsInAnyBatch) {
  const Dataset& dataset = *colour();
  Pipeline pipeline = make_pipeline(dataset.manifest(), {image::NoiseKind::gaussian, 0.1}, 7);
  pipeline.augment = {image::Elastic{20, 2}, image::Blur{0, 1}};
  pipeline.denoise = {image::transforms::MedianDenoise{3}};
  pipeline.fresh_noise = true;
  pipeline.height = 9;
  pipeline.width = 8;
  const std::vector<std::uint32_t> rows{4, 11, 8, 20};
  const Batch whole = filled(dataset, pipeline, rows, 5);
  std::vector<float> joined;
  for (const std::uint32_t row : rows) {
    const Batch alone = filled(dataset, pipeline, {row}, 5);
    joined.insert(joined.end(), alone.images.begin(), alone.images.end());
  }
  EXPECT_EQ(whole.images, joined);
}

TEST(FillBatch, AugmentsThenAddsNoiseThenDenoises) {
  const Dataset& dataset = *colour();
  const std::vector<std::uint32_t> rows{1, 6, 13};
  Pipeline pipeline = make_pipeline(dataset.manifest(), {image::NoiseKind::salt_pepper, 0.3}, 11);
  pipeline.augment = {image::Flip{image::FlipAxis::vertical}, image::Brightness{0.5, 0.5}};
  pipeline.denoise = parse_denoise(std::vector<std::string>{"denoise median 3", "denoise knn 3 3 5"}, "");
  const Batch batch = filled(dataset, pipeline, rows, 2);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint64_t sample = dataset.catalog().sample_id[rows[i]];
    image::Image changed = image::apply(pipeline.augment, view_of(dataset, rows[i]), {11, sample, 3});
    image::add_noise(changed.pixels, pipeline.noise, 11, sample);
    const std::vector<std::uint8_t> noisy = changed.pixels;
    changed = image::transform(pipeline.denoise, std::move(changed));
    EXPECT_NE(changed.pixels, noisy);
    EXPECT_EQ(image_of(dataset, batch, i), expected_floats(dataset, changed.pixels));
  }
}

// 5 x 7 in 8 x 10: 3 rows and 3 columns are left; 1 above and on the left, 2 below and on the right.
TEST(FillBatch, PutsTheImageInTheMiddleOfWhatTheNetworkSees) {
  const Dataset& dataset = *colour();
  Pipeline pipeline = make_pipeline(dataset.manifest(), {}, 1);
  pipeline.height = 8;
  pipeline.width = 10;
  EXPECT_EQ(input_shape(pipeline, dataset.shape()), (image::Shape{8, 10, 3}));
  const std::vector<std::uint32_t> rows{3, 12};
  const Batch batch = filled(dataset, pipeline, rows);
  const std::vector<float> black =
      expected_floats(dataset, std::vector<std::uint8_t>(dataset.shape().bytes()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::vector<float> image = expected_floats(dataset, dataset.pixels(rows[i]));
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t y = 0; y < 8; ++y) {
        for (std::size_t x = 0; x < 10; ++x) {
          const bool inside = y >= 1 && y < 6 && x >= 1 && x < 8;
          const float expected = inside ? image[(c * 5 + y - 1) * 7 + x - 1] : black[c * 35];
          ASSERT_EQ(batch.images[((i * 3 + c) * 8 + y) * 10 + x], expected) << c << " " << y << " " << x;
        }
      }
    }
  }
}

TEST(FillBatch, MayPadOneSideAlone) {
  const Dataset& dataset = *colour();
  Pipeline pipeline = make_pipeline(dataset.manifest(), {}, 1);
  pipeline.width = 8;
  EXPECT_EQ(input_shape(pipeline, dataset.shape()), (image::Shape{5, 8, 3}));
  const Batch batch = filled(dataset, pipeline, {3});
  const std::vector<float> image = expected_floats(dataset, dataset.pixels(3));
  for (std::size_t line = 0; line < 15; ++line) {
    for (std::size_t x = 0; x < 7; ++x) EXPECT_EQ(batch.images[line * 8 + x], image[line * 7 + x]);
    EXPECT_EQ(batch.images[line * 8 + 7], pipeline.standardisation.table[line / 5 * 256]);
  }
}

TEST(FillBatch, StandardisesEachPixelByItsOwnMean) {
  const Dataset& dataset = *colour();
  Pipeline pipeline{.height = 6, .width = 9};
  for (std::size_t i = 0; i < dataset.shape().bytes(); ++i) {
    pipeline.standardisation.mean.push_back(static_cast<float>(i));
    pipeline.standardisation.scale.push_back(1 / static_cast<float>(i + 1));
  }
  const Batch batch = filled(dataset, pipeline, {7});
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t y = 0; y < 6; ++y) {
      for (std::size_t x = 0; x < 9; ++x) {
        float expected = 0;  // outside
        if (y < 5 && x >= 1 && x < 8) {
          const std::size_t i = (y * 7 + x - 1) * 3 + c;
          expected = (static_cast<float>(dataset.pixels(7)[i]) - static_cast<float>(i)) *
                     pipeline.standardisation.scale[i];
        }
        EXPECT_EQ(batch.images[(c * 6 + y) * 9 + x], expected) << c << " " << y << " " << x;
      }
    }
  }
}

TEST(FillBatch, TakesLabelsThatItIsGiven) {
  const Dataset& dataset = *colour();
  std::vector<std::int32_t> labels(dataset.catalog().rows());
  for (std::size_t row = 0; row < labels.size(); ++row) labels[row] = static_cast<std::int32_t>(row % 2);
  Pipeline pipeline = make_pipeline(dataset.manifest(), {}, 1);
  pipeline.labels = std::make_shared<const std::vector<std::int32_t>>(labels);
  EXPECT_EQ(filled(dataset, pipeline, {4, 7, 1}).labels, (std::vector<std::int64_t>{0, 1, 1}));
}

TEST(Pipeline, RefusesImagesThatAreLargerThanWhatTheNetworkSees) {
  Pipeline pipeline = make_pipeline(colour()->manifest(), {}, 1);
  pipeline.height = 5;
  pipeline.width = 7;
  EXPECT_NO_THROW(check_pipeline(*colour(), pipeline, "here"));
  pipeline.height = 4;
  ErrorInfo found = refusal(*colour(), pipeline, ErrorCode::usage);
  EXPECT_EQ(found.where, "here");
  EXPECT_EQ(found.expected, "at most 4 x 7 x 3");
  EXPECT_EQ(found.got, "5 x 7 x 3");
  EXPECT_NE(found.hint.find("\"resize 4 7\""), std::string::npos) << found.hint;
  pipeline.height = 5;
  pipeline.width = 6;
  EXPECT_EQ(refusal(*colour(), pipeline, ErrorCode::usage).expected, "at most 5 x 6 x 3");
  EXPECT_THROW(filled(*colour(), pipeline, {0}), Error);
}

TEST(Pipeline, OfAnotherDatasetIsRefused) {
  const Pipeline good = make_pipeline(colour()->manifest(), {}, 1);
  const auto expect_refused = [&](const auto& change) {
    Pipeline pipeline = good;
    change(pipeline);
    refusal(*colour(), pipeline, ErrorCode::internal);
  };
  expect_refused([](Pipeline& p) { p.standardisation = {}; });
  expect_refused([](Pipeline& p) { p.standardisation.table.resize(256); });
  expect_refused([](Pipeline& p) {
    p.standardisation = {.mean = std::vector<float>(105), .scale = std::vector<float>(104)};
  });
  expect_refused([](Pipeline& p) { p.labels = std::make_shared<const std::vector<std::int32_t>>(3); });
  expect_refused([](Pipeline& p) { p.denoise = {image::transforms::Pad{1}}; });
}

TEST(ParseDenoise, TakesDenoisingAlone) {
  const std::vector<std::string> good{"denoise knn 10 5 21", "denoise median 5"};
  const std::vector<image::Transform> list = parse_denoise(good, "data.denoise");
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(image::to_text(list[0]), good[0]);
  EXPECT_EQ(image::to_text(list[1]), good[1]);
  EXPECT_TRUE(parse_denoise({}, "data.denoise").empty());
  for (const char* text : {"pad 2", "invert", "equalise", "denoise", "denoise mean 3", "rotate 10", ""}) {
    try {
      parse_denoise(std::vector<std::string>{"denoise median 3", text}, "data.denoise");
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::usage) << error.what();
      EXPECT_EQ(error.info().where, "data.denoise") << error.what();
    }
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
