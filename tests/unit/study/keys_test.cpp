#include "titrate/study/keys.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "support/outcome.hpp"
#include "titrate/core/file.hpp"
#include "titrate/study/study.hpp"

namespace titrate::study {
namespace {

Outcome setting(const std::string& key, const Value& value) {
  return outcome([&] {
    Settings settings;
    set_key(settings, key, value, "study.toml:7");
  });
}

void expect_refused(const std::string& key, const Value& value, const std::string& part) {
  const Outcome refused = setting(key, value);
  EXPECT_EQ(refused.code, ErrorCode::usage) << key << ": " << refused.message;
  EXPECT_TRUE(refused.message.starts_with("study.toml:7: ")) << refused.message;
  for (const std::string& wanted : {key, part})
    EXPECT_NE(refused.message.find(wanted), std::string::npos) << refused.message;
}

TEST(Keys, EachRowSaysAllAndTakesItsOwnDefault) {
  std::set<std::string> names;
  for (const Key& key : keys()) {
    EXPECT_TRUE(names.insert(key.name).second) << key.name << " stands twice";
    EXPECT_FALSE(key.label.empty()) << key.name;
    EXPECT_FALSE(key.values.empty()) << key.name;
    EXPECT_FALSE(key.help.empty()) << key.name;
    Settings settings;
    key.set(settings, key.get(Settings{}), "test");
    EXPECT_EQ(canonical(settings), "{}") << key.name;
  }
}

// One after another; a row that writes another's member would show.
TEST(Keys, EachRowReadsWhatItWroteAndNothingElseChanges) {
  for (const Key& key : keys()) {
    Settings settings;
    const Value usual = key.get(settings);
    const Value others[] = {{true},
                            {std::int64_t{2}},
                            {0.5},
                            {std::string("adam")},
                            {std::string("one_cycle")},
                            {std::string("steps")},
                            {std::string("balanced")},
                            {std::string("he")},
                            {std::string("bf16")},
                            {std::string("tree")},
                            {std::string("replace")},
                            {std::string("fill")},
                            {std::string("ignore")},
                            {std::string("uniform")},
                            {std::string("epoch")},
                            {std::string("pixel")},
                            {std::vector<Value>{{std::string("shift 2")}}},
                            {std::vector<Value>{{0.25}}}};
    const auto good = std::find_if(std::begin(others), std::end(others), [&](const Value& value) {
      settings = {};
      const bool taken = outcome([&] { key.set(settings, value, "test"); }).message == "nothing was thrown";
      return taken && key.get(settings) != usual;
    });
    ASSERT_NE(good, std::end(others)) << key.name;
    const auto changed = changed_values(settings);
    ASSERT_EQ(changed.size(), 1u) << key.name << ": " << canonical(settings);
    EXPECT_EQ(changed.begin()->first, key.name);
  }
}

TEST(Keys, RefuseUnknownWordsWithWhatThereIs) {
  const auto text = [](const char* word) { return Value{std::string(word)}; };
  expect_refused("train.optimizer", text("adamx"), "did you mean \"adam\"?");
  expect_refused("train.budget", text("hours"), "epochs, steps");
  expect_refused("train.schedule", text("linear"), "plateau");
  expect_refused("train.class_weights", text("even"), "balanced");
  expect_refused("train.initial", text("zeros"), "lecun");
  expect_refused("train.precision", text("float16"), "bf16");
  expect_refused("train.reduction", text("slow"), "tree");
  expect_refused("data.mode", text("mix"), "replace");
  expect_refused("data.synthetic_classes", text("all"), "as_real");
  expect_refused("data.trained_on", text("maybe"), "limit, ignore");
  expect_refused("data.noise_kind", text("snow"), "salt_pepper");
  expect_refused("data.noise_draw", text("once"), "epoch");
  expect_refused("data.standardise", text("image"), "selection");
}

TEST(Keys, RefuseNumbersOutOfRange) {
  const Value zero{std::int64_t{0}}, one{std::int64_t{1}}, more{1.5}, less{-1.0};
  expect_refused("train.learning_rate", zero, "above 0");
  expect_refused("train.epsilon", zero, "above 0");
  for (const char* key :
       {"train.momentum", "train.beta1", "train.beta2", "train.schedule_factor", "train.validation_fraction"})
    expect_refused(key, one, "below 1");
  for (const char* key : {"train.epochs", "train.batch_size", "train.schedule_epochs", "train.micro_batches"})
    expect_refused(key, zero, "1 or more");
  for (const char* key : {"train.label_smoothing", "data.label_noise"}) expect_refused(key, more, "0 to 1");
  expect_refused("data.noise_level", less, "0 or more");
  expect_refused("data.size", {std::int64_t{1} << 32}, "0 to 4294967295");
  expect_refused("train.epochs", {std::string("many")}, "a whole number");
}

TEST(Keys, NameTheNearestOfAnUnknownOne) {
  const Outcome refused = setting("train.learning_rat", {0.1});
  EXPECT_NE(refused.message.find("did you mean \"train.learning_rate\"?"), std::string::npos);
}

TEST(Keys, WithoutEffectAreThoseThatNoTrialUses) {
  Settings idle;
  idle.train.steps = 500;
  idle.train.optimizer = OptimizerKind::adam;
  idle.train.momentum = 0.9;
  idle.train.nesterov = true;
  idle.data.noise_draw = NoiseDraw::epoch;
  const std::vector<Trial> trials{{.id = "a", .settings = idle}};
  EXPECT_EQ(keys_without_effect({}, trials),
            (std::vector<std::string>{"train.steps", "train.momentum", "train.nesterov", "data.noise_draw"}));
  Settings busy = idle;
  busy.train.budget = Budget::steps;
  busy.train.optimizer = OptimizerKind::sgd;
  busy.data.noise_level = 0.1;
  const std::vector<Trial> both{{.id = "a", .settings = idle}, {.id = "b", .settings = busy}};
  EXPECT_EQ(keys_without_effect({}, both), std::vector<std::string>{});
  const Study study{.networks = {{"mine", {.layers = {"dense 10"}}}}};
  EXPECT_EQ(keys_without_effect(study, both), std::vector<std::string>{"networks.mine"});
}

TEST(SpeedClass, DiffersWhereAnImageTakesLonger) {
  const auto class_of = [](const auto& change) {
    Settings settings;
    change(settings);
    return speed_class(settings);
  };
  const std::string usual = speed_class({});
  EXPECT_EQ(class_of([](Settings& s) {
              s.data.size = 100;
              s.data.synthetic_ratio = 0.5;
              s.seed = 3;
              s.train.epochs = 9;
              s.data.noise_kind = image::NoiseKind::uniform;  // there is none
            }),
            usual);
  EXPECT_EQ(class_of([](Settings& s) { s.data.noise_level = 0.3; }),
            class_of([](Settings& s) { s.data.noise_level = 0.1; }));
  const auto noisy = [&](image::NoiseKind kind) {
    return class_of([&](Settings& s) {
      s.data.noise_level = 0.3;
      s.data.noise_kind = kind;
    });
  };
  EXPECT_NE(noisy(image::NoiseKind::gaussian), usual);
  EXPECT_NE(noisy(image::NoiseKind::uniform), noisy(image::NoiseKind::gaussian));
  EXPECT_NE(class_of([](Settings& s) { s.network.name = "lenet5"; }), usual);
  EXPECT_NE(class_of([](Settings& s) { s.train.batch_size = 32; }), usual);
  EXPECT_NE(class_of([](Settings& s) { s.train.micro_batches = 2; }), usual);
  EXPECT_NE(class_of([](Settings& s) { s.train.optimizer = OptimizerKind::adam; }), usual);
  EXPECT_NE(class_of([](Settings& s) { s.train.precision = Precision::bf16; }), usual);
  EXPECT_NE(class_of([](Settings& s) { s.train.augment = {"rotate 10"}; }), usual);
  EXPECT_NE(class_of([](Settings& s) { s.train.engine = "another"; }), usual);
  EXPECT_NE(class_of([](Settings& s) { s.data.denoise = {"denoise median 3"}; }), usual);
  EXPECT_NE(class_of([](Settings& s) { s.data.standardise = data::Standardise::pixel; }), usual);
}

// launch/README.md has the table between two marks. TITRATE_UPDATE=1 writes it anew.
TEST(KeysTable, StandsInTheDocumentationAsItIs) {
  const std::filesystem::path page = std::filesystem::path(TITRATE_SOURCE) / "launch" / "README.md";
  const std::string text = read_text(page), begin = "<!-- keys -->\n", end = "<!-- /keys -->";
  const std::size_t from = text.find(begin), to = text.find(end);
  ASSERT_TRUE(from != std::string::npos && to != std::string::npos && from < to);
  const std::size_t start = from + begin.size();
  if (std::getenv("TITRATE_UPDATE") != nullptr)
    write_file(page, std::string_view(text.substr(0, start) + keys_table() + text.substr(to)));
  EXPECT_EQ(read_text(page).substr(start, to - start), keys_table()) << "TITRATE_UPDATE=1 writes it anew";
}

}  // namespace
}  // namespace titrate::study
