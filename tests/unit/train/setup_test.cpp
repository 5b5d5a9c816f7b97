#include "titrate/train/setup.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "support/outcome.hpp"
#include "titrate/study/network.hpp"

namespace titrate::train {
namespace {

// 1,000 training images of two classes, 28 x 28 grey.
shard::Manifest manifest() {
  shard::Manifest manifest{.name = "d", .class_names = {"cat", "dog"}, .shape = {28, 28, 1}};
  manifest.mean = {0.1};
  manifest.deviation = {0.3};
  manifest.splits = {{.split = data::Split::train, .counts = {{500, 0, 500}, {500, 0, 500}}},
                     {.split = data::Split::test, .counts = {{50, 0, 0}, {50, 0, 0}}}};
  return manifest;
}

study::Settings changed(const std::function<void(study::Settings&)>& change) {
  study::Settings settings;
  change(settings);
  return settings;
}

// One line that begins with the key and names what was there.
void expect_refused(const std::string& key, const std::string& part,
                    const std::function<void(study::Settings&)>& change) {
  const Outcome refused = outcome([&] { make_setup(changed(change), manifest()); });
  EXPECT_EQ(refused.code, ErrorCode::usage) << key << ": " << refused.message;
  EXPECT_TRUE(refused.message.starts_with(key)) << key << ": " << refused.message;
  EXPECT_NE(refused.message.find(part), std::string::npos) << key << ": " << refused.message;
}

const std::vector<std::string> kNormed{"flatten", "dense 4", "batch_norm", "dense 2"};

TEST(MakeSetup, HandsEverythingOn) {
  const TrialSetup setup = make_setup(changed([](study::Settings& s) {
                                        s.network.layers = kNormed;
                                        s.train.batch_size = 8;
                                        s.train.micro_batches = 4;
                                        s.train.validation_fraction = 0.25;
                                        s.train.augment = {"shift 2", "rotate 10"};
                                        s.data.size = 300;
                                        s.data.noise_kind = image::NoiseKind::uniform;
                                        s.data.noise_level = 0.5;
                                        s.data.noise_draw = study::NoiseDraw::epoch;
                                        s.data.denoise = {"denoise median 3"};
                                        s.data.label_noise = 0.125;
                                        s.data.label_noise_to = "dog";
                                        s.data.standardise = data::Standardise::pixel;
                                        s.evaluate.noise_levels = {0, 2};
                                        s.seed = 7;
                                      }),
                                      manifest());
  EXPECT_EQ(setup.network.layers.size(), 4u);
  EXPECT_EQ(setup.train.batch_size, 8u);
  EXPECT_EQ(setup.augment.size(), 2u);
  EXPECT_EQ(setup.denoise.size(), 1u);
  EXPECT_EQ(setup.selection.size, 300u);
  EXPECT_EQ(setup.selection.validation_fraction, 0.25);
  EXPECT_EQ(setup.selection.seed, 7u);
  EXPECT_EQ(setup.seed, 7u);
  EXPECT_EQ(setup.train_noise.kind, image::NoiseKind::uniform);
  EXPECT_EQ(setup.train_noise.level, 0.5);
  EXPECT_TRUE(setup.fresh_noise);
  EXPECT_EQ(setup.label_noise.share, 0.125);
  EXPECT_EQ(setup.label_noise.towards, 1u);
  EXPECT_EQ(setup.standardise, data::Standardise::pixel);
  ASSERT_EQ(setup.conditions.size(), 2u);
  EXPECT_EQ(setup.conditions[1].kind, image::NoiseKind::uniform);
  EXPECT_EQ(setup.conditions[1].level, 2);
}

TEST(MakeSetup, DefaultsTakeEveryRealImageAndTestUnderTheTrainingNoise) {
  const TrialSetup setup =
      make_setup(changed([](study::Settings& s) { s.data.noise_level = 0.25; }), manifest());
  EXPECT_EQ(setup.selection.size, 1000u);
  EXPECT_FALSE(setup.label_noise.towards.has_value());
  ASSERT_EQ(setup.conditions.size(), 1u);
  EXPECT_EQ(setup.conditions[0].level, 0.25);
}

TEST(MakeSetup, RefusesUnknownWords) {
  expect_refused("train.augment", "did you mean \"rotate\"?",
                 [](study::Settings& s) { s.train.augment = {"rotat 10"}; });
  expect_refused("data.denoise", "denoise median", [](study::Settings& s) { s.data.denoise = {"grey"}; });
  expect_refused("data.label_noise_to", "cat, dog",
                 [](study::Settings& s) { s.data.label_noise_to = "bird"; });
  expect_refused("network.name", "did you mean \"lenet5\"?",
                 [](study::Settings& s) { s.network.name = "lenet4"; });
}

// The range of each key alone is unit_study's.
TEST(MakeSetup, RefusesKeysThatDoNotGoTogether) {
  expect_refused("train.nesterov", "train.momentum", [](study::Settings& s) { s.train.nesterov = true; });
  expect_refused("train.steps", "1 or more",
                 [](study::Settings& s) { s.train.budget = study::Budget::steps; });
  for (const std::uint32_t parts : {0u, 3u, 128u})
    expect_refused("train.micro_batches", std::to_string(parts),
                   [&](study::Settings& s) { s.train.micro_batches = parts; });
  expect_refused("data.noise_level", "0 to 10", [](study::Settings& s) { s.data.noise_level = 11; });
  expect_refused("data.noise_level", "share of the pixels, 0 to 1", [](study::Settings& s) {
    s.data.noise_kind = image::NoiseKind::salt_pepper;
    s.data.noise_level = 1.5;
  });
  expect_refused("evaluate.noise_levels", "once", [](study::Settings& s) {
    s.evaluate.noise_levels = {0.5, 0.5};
  });
}

TEST(MakeSetup, WhatValidationDecidesNeedsValidationImages) {
  const std::string key = "train.validation_fraction";
  expect_refused(key, "above 0", [](study::Settings& s) { s.train.schedule = study::Schedule::plateau; });
  expect_refused(key, "above 0", [](study::Settings& s) { s.train.early_stopping = 1; });
  expect_refused(key, "above 0", [](study::Settings& s) { s.train.best_weights = true; });
  const Outcome good = outcome([] {
    make_setup(changed([](study::Settings& s) {
                 s.train.schedule = study::Schedule::plateau;
                 s.train.early_stopping = 1;
                 s.train.best_weights = true;
                 s.train.validation_fraction = 0.1;
               }),
               manifest());
  });
  EXPECT_EQ(good.message, "nothing was thrown");
}

TEST(MakeSetup, BatchNormNeedsTwoImagesInEachPart) {
  const auto with = [](std::uint32_t batch_size, std::uint32_t parts) {
    return [=](study::Settings& s) {
      s.network.layers = kNormed;
      s.train.batch_size = batch_size;
      s.train.micro_batches = parts;
    };
  };
  expect_refused("train.batch_size", "2 or more", with(1, 1));
  expect_refused("train.batch_size", "8 or more", with(7, 4));
  for (const auto& [batch_size, parts] : {std::pair(2u, 1u), std::pair(8u, 4u)}) {
    const auto change = with(batch_size, parts);
    EXPECT_EQ(make_setup(changed(change), manifest()).train.batch_size, batch_size);
  }
  EXPECT_EQ(
      make_setup(changed([](study::Settings& s) { s.train.batch_size = 1; }), manifest()).train.batch_size,
      1u);
}

TEST(MakeSetup, NetworksFitImagesAndClasses) {
  expect_refused("layer 0 (conv 4 29)", "larger", [](study::Settings& s) {
    s.network.layers = {"conv 4 29", "flatten", "dense 2"};
  });
  expect_refused("layer 1 (dense 3)", "class", [](study::Settings& s) {
    s.network.layers = {"flatten", "dense 3"};
  });
  expect_refused("network", "at most 20 x 20", [](study::Settings& s) {
    s.network.layers = {"flatten", "dense 2"};
    s.network.side = 20;
  });
  const net::Network padded = study::make_network({.layers = {"flatten", "dense 2"}, .side = 32},
                                                  {.height = 28, .width = 20, .channels = 3}, 2);
  EXPECT_EQ(padded.input, (net::TensorShape{3, 32, 32}));
  EXPECT_EQ(study::make_network({.name = "lenet5"}, {28, 28, 1}, 2).input, (net::TensorShape{1, 32, 32}));
}

TEST(MakeSetup, ThereMustBeTestImages) {
  shard::Manifest untested = manifest();
  untested.splits.pop_back();
  EXPECT_TRUE(outcome([&] { make_setup({}, untested); }).message.starts_with("dataset: "));
}

}  // namespace
}  // namespace titrate::train
