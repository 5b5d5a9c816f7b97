#include "titrate/study/study.hpp"

#include <gtest/gtest.h>

#include "support/outcome.hpp"
#include "titrate/core/error.hpp"

namespace titrate::study {
namespace {

constexpr const char* kStudy = R"(
name = "s"
dataset = "d"
[network]
name = "simple-cnn"
[train]
epochs = 2
learning_rate = 1
[axes]
"data.size" = [100, 300]
"data.noise_level" = [0, 0.3]
"seed" = [0, 1, 2]
)";

std::string message_of(const std::string& text) {
  try {
    grid(parse_study(text, "s.toml"));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    return error.what();
  }
  return "accepted";
}

TEST(Study, ReadsKeysAndAxesInOrder) {
  const Study study = parse_study(kStudy, "s.toml");
  EXPECT_EQ(study.base.train.epochs, 2u);
  EXPECT_EQ(study.base.train.learning_rate, 1.0);
  ASSERT_EQ(study.axes.size(), 3u);
  EXPECT_EQ(study.axes[0].key, "data.size");
  EXPECT_EQ(study.axes[2].key, "seed");
  EXPECT_EQ(study.axes[1].values[0], Value{0.0});
}

TEST(Study, RefusesByNameAndLine) {
  EXPECT_NE(message_of("[train]\nepoch = 3")
                .find("s.toml:2: unknown key \"train.epoch\"; did you mean \"train.epochs\"?"),
            std::string::npos);
  EXPECT_NE(
      message_of("[train]\nepochs = \"3\"").find("s.toml:2: train.epochs: wrong type; expected a whole"),
      std::string::npos);
  EXPECT_NE(
      message_of("[train]\nepochs = 0").find("s.toml:2: train.epochs: out of range; expected 1 or more"),
      std::string::npos);
  EXPECT_NE(message_of("[data]\nsize = 5000000000").find("out of range; expected 0 to 4294967295"),
            std::string::npos);
  EXPECT_NE(message_of("name = \"a\\u001b\"").find("s.toml:1: name: a control character"), std::string::npos);
  EXPECT_NE(message_of("name = [1]").find("s.toml:1: name: wrong type"), std::string::npos);
  EXPECT_NE(message_of("[train]\nepochs = -3").find("s.toml:2"), std::string::npos);
  EXPECT_NE(message_of("[axes]\nseed = []").find("axis \"seed\" is empty"), std::string::npos);
  EXPECT_NE(message_of("[axes]\nseed = 3").find("axis \"seed\" is not a list"), std::string::npos);
  EXPECT_NE(message_of("[axes]\nseed = [1, 1]").find("has 1 twice"), std::string::npos);
  EXPECT_NE(message_of("[axes]\n\"data.sizes\" = [1]").find("did you mean \"data.size\"?"),
            std::string::npos);
  EXPECT_NE(message_of("axes = 3").find("\"axes\" is not a table"), std::string::npos);
  EXPECT_NE(message_of("name = ").find("s.toml:1: not valid TOML"), std::string::npos);
  EXPECT_NE(message_of("network = \"lenet5\"").find("s.toml:1: \"network\" is not a table; write [network]"),
            std::string::npos);
  EXPECT_NE(message_of("[train.epochs]").find("\"train.epochs\" is a table"), std::string::npos);
  EXPECT_EQ(message_of("[train]\naugment = \"shift 2\""), "accepted") << "one for a list of one";
}

TEST(Study, OverridesReplaceAxesAndSetKeys) {
  const auto with = [](const StudyOverrides& overrides) { return parse_study(kStudy, "s.toml", overrides); };
  const Study study = with({.dataset = "e",
                            .set = {"train.epochs=7", "network.name=pytorch-cnn", "name=another"},
                            .axes = {"data.size=10,20,30", "data.mode=add,replace"}});
  EXPECT_EQ(study.name, "another");
  EXPECT_EQ(study.dataset, "e");
  EXPECT_EQ(study.base.train.epochs, 7u);
  EXPECT_EQ(study.base.network.name, "pytorch-cnn");
  EXPECT_EQ(study.axes[0].values.size(), 3u);
  EXPECT_EQ(study.axes.back().key, "data.mode");
  EXPECT_EQ(with({.set = {"axes.data.size=[5]"}}).axes[0].values, std::vector<Value>{Value{5}});
  EXPECT_THROW(with({.axes = {"seed="}}), Error);
  EXPECT_THROW(with({.set = {"seed=3"}}), Error) << "seed is an axis";
  EXPECT_THROW(with({.set = {"nonsense"}}), Error);
}

TEST(Study, ABaselineIsSetAsAnyKeyOfTheFile) {
  const std::string text = "[axes]\n\"network.name\" = [\"simple-cnn\", \"lenet5\"]\n";
  const std::string given = text + "[report]\nbaseline = { \"network.name\" = \"simple-cnn\" }\n";
  for (const std::string& study : {text, given}) {
    const Study set = parse_study(study, "s.toml", {.set = {"report.baseline.network.name=lenet5"}});
    EXPECT_EQ(set.baselines.at("network.name"), Value{"lenet5"});
  }
}

TEST(Study, TomlReadsBack) {
  Study study = parse_study(kStudy, "s.toml");
  study.fingerprint = "abc";
  study.class_names = {"0", "a \"quoted\" name"};
  const Study again = parse_study(to_toml(study), "again");
  EXPECT_EQ(to_toml(again), to_toml(study));
  EXPECT_TRUE(differences(study, again).empty());
  EXPECT_EQ(again.class_names, study.class_names);
}

TEST(Study, DifferencesNameTheKey) {
  Study before = parse_study(kStudy, "s.toml"), after = before;
  after.base.train.epochs = 9;
  after.axes.pop_back();
  const auto lines = differences(before, after);
  EXPECT_EQ(lines, (std::vector<std::string>{"axis seed: [0, 1, 2] -> none", "train.epochs: 2 -> 9"}));
}

TEST(Grid, IsTheProductWithTheLastAxisFastest) {
  const std::vector<Trial> trials = grid(parse_study(kStudy, "s.toml"));
  ASSERT_EQ(trials.size(), 12u);
  EXPECT_EQ(trials[0].settings.seed, 0u);
  EXPECT_EQ(trials[1].settings.seed, 1u);
  EXPECT_EQ(trials[3].settings.data.noise_level, 0.3);
  EXPECT_EQ(trials[6].settings.data.size, 300u);
}

TEST(Grid, IdsAreContent) {
  const Settings defaults;
  Settings other;
  EXPECT_EQ(canonical(defaults), "{}");
  EXPECT_EQ(trial_id(defaults, "f"), trial_id(other, "f"));
  EXPECT_NE(trial_id(defaults, "f"), trial_id(defaults, "g"));
  other.train.epochs = 4;
  EXPECT_NE(trial_id(defaults, "f"), trial_id(other, "f"));
  EXPECT_EQ(canonical(other), R"({"train.epochs":4})");
  other.seed = 5;
  EXPECT_EQ(cell_key(other), R"({"train.epochs":4})");
}

Outcome grid_of(const std::string& text) {
  return outcome([&] { grid(parse_study(text, "s.toml")); });
}

TEST(Grid, NetworksOfTheStudysOwnAreTheirLayers) {
  const std::string own = "[networks.mine]\nlayers = [\"flatten\", \"dense 10\"]\nside = 32\n";
  const std::string axes = "[axes]\n\"network.name\" = [\"mine\", \"lenet5\"]\n";
  const std::vector<Trial> trials = grid(parse_study(own + axes, "s.toml"));
  EXPECT_EQ(trials[0].settings.network.layers, (std::vector<std::string>{"flatten", "dense 10"}));
  EXPECT_EQ(trials[0].settings.network.side, 32u);
  EXPECT_TRUE(trials[1].settings.network.layers.empty());
  EXPECT_EQ(trials[1].settings.network.side, 0u);
  const std::string other = "[networks.mine]\nlayers = [\"flatten\", \"dense 11\"]\nside = 32\n";
  EXPECT_NE(grid(parse_study(other + axes, "s.toml"))[0].id, trials[0].id);
  const std::string sides = own + "[axes]\n\"network.name\" = [\"mine\"]\n\"network.side\" = [28, 40]\n";
  EXPECT_EQ(grid(parse_study(sides, "s.toml"))[1].settings.network.side, 40u);
}

TEST(Grid, ANameAndLayersDoNotGoTogether) {
  const std::string layers = "[network]\nlayers = [\"flatten\", \"dense 10\"]\n";
  const Outcome both = grid_of(layers + "[axes]\n\"network.name\" = [\"simple-cnn\", \"lenet5\"]\n");
  EXPECT_EQ(both.code, ErrorCode::usage);
  EXPECT_NE(both.message.find("\"lenet5\" and network.layers are both given"), std::string::npos)
      << both.message;
  EXPECT_EQ(grid_of(layers).message, "nothing was thrown");
}

TEST(Grid, AMistypedNameIsComparedWithTheStudysOwn) {
  const Outcome found =
      grid_of("[network]\nname = \"mein\"\n[networks.mine]\nlayers = [\"flatten\", \"dense 10\"]\n");
  EXPECT_NE(found.message.find("did you mean \"mine\"?"), std::string::npos) << found.message;
}

TEST(Grid, AnAxisValueThatEqualsTheDefaultKeepsTheTrialsName) {
  Study study = parse_study("[axes]\n\"train.epochs\" = [3, 4]", "s.toml");
  EXPECT_EQ(grid(study)[0].id, trial_id(Settings{}, ""));
}

}  // namespace
}  // namespace titrate::study
