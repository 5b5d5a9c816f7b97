#include "titrate/study/comparison.hpp"

#include <gtest/gtest.h>

#include "titrate/core/error.hpp"

namespace titrate::study {
namespace {

using List = std::vector<Value>;

Study with_axes(const std::string& axes, const std::string& more = "") {
  return parse_study(more + "[axes]\n" + axes, "study.toml");
}

// One arm for each cell of the grid, where seeds 0 to 2 got `accuracy` of its settings.
struct Made {
  std::vector<Trial> cells{};
  std::vector<Arm> arms{};

  Made(const Study& study, double (*accuracy)(const Settings&)) : cells(grid(study)) {
    for (const Trial& cell : cells) {
      Arm& arm = arms.emplace_back(Arm{.settings = &cell.settings});
      for (std::uint64_t seed = 0; seed < 3; ++seed)
        arm.accuracies.push_back({seed, accuracy(cell.settings) + 0.01 * static_cast<double>(seed)});
    }
  }
};

double half(const Settings&) { return 0.5; }

TEST(Comparison, VerdictNeedsTheWholeIntervalOnOneSide) {
  EXPECT_EQ(verdict_of({.n = 3, .mean = 1, .sd = 1, .half_width = 0.9}), Verdict::help);
  EXPECT_EQ(verdict_of({.n = 3, .mean = -1, .sd = 1, .half_width = 0.9}), Verdict::hurt);
  EXPECT_EQ(verdict_of({.n = 3, .mean = 1, .sd = 1, .half_width = 1}), Verdict::no_clear_difference);
  EXPECT_EQ(verdict_of({.n = 1, .mean = 1}), Verdict::too_few_seeds);
}

TEST(Comparison, PairsDifferInOneAxisAlone) {
  const Study study = with_axes("\"train.augment\" = [[\"shift 2\"], []]\n\"data.size\" = [100, 200]\n");
  const Made made(study, [](const Settings& s) {
    return s.train.augment.empty() ? 0.5 : s.data.size == 100 ? 0.75 : 0.25;
  });
  const std::vector<Comparison> found = compare(study, made.arms);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].axis, "train.augment");
  EXPECT_EQ(found[0].baseline, Value{List{}});
  ASSERT_EQ(found[0].pairs.size(), 2u);
  for (const Pair& pair : found[0].pairs) {
    EXPECT_EQ(made.cells[pair.cell].settings.data.size, made.cells[pair.baseline].settings.data.size);
    EXPECT_TRUE(made.cells[pair.baseline].settings.train.augment.empty());
    EXPECT_EQ(pair.differences.size(), 3u);
  }
  EXPECT_NEAR(found[0].pairs[0].accuracy.mean, 0.25, 1e-12);
  EXPECT_EQ(found[0].pairs[0].verdict, Verdict::help);
  EXPECT_EQ(found[0].pairs[1].verdict, Verdict::hurt);
}

TEST(Comparison, ArmsAreTestedAlike) {
  const Study study = with_axes("\"data.denoise\" = [[], [\"denoise median 3\"]]\n");
  Made made(study, half);
  made.arms[1].test_noise_level = 0.5;
  EXPECT_TRUE(compare(study, made.arms).empty());
}

TEST(Comparison, ArmsInWhichTheAxisHasNoEffectAreLeftOut) {
  const Study study = with_axes(
      "\"data.synthetic_classes\" = [\"as_real\", \"fill\"]\n\"data.synthetic_ratio\" = [0.0, 1.0]\n");
  const Made made(study, half);
  const std::vector<Comparison> found = compare(study, made.arms);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].pairs.size(), 2u);
  EXPECT_EQ(found[1].axis, "data.synthetic_classes");
  ASSERT_EQ(found[1].pairs.size(), 1u);
  EXPECT_EQ(made.cells[found[1].pairs[0].cell].settings.data.synthetic_ratio, 1);
}

TEST(Comparison, ANetworkOfTheStudysOwnIsPairedThoughItBringsLayers) {
  const Study study = with_axes("\"network.name\" = [\"simple-cnn\", \"mine\"]\n\"data.size\" = [100, 200]\n",
                                "[networks.mine]\nlayers = [\"flatten\", \"dense 10\"]\nside = 32\n");
  const Made made(study, half);
  const std::vector<Comparison> found = compare(study, made.arms);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].baseline, Value{std::string("simple-cnn")});
  EXPECT_EQ(found[0].pairs.size(), 2u);
}

TEST(Comparison, TreatmentsComeInTheirOrderAndCircumstancesNotAtAll) {
  const Study study = with_axes(
      "\"network.name\" = [\"simple-cnn\", \"pytorch-cnn\"]\n\"data.size\" = [100, 200]\n\"seed\" = [0, 1]\n"
      "\"data.noise_level\" = [0.0, 0.1]\n\"data.synthetic_ratio\" = [0.0, 1.0]\n\"train.schedule\" = "
      "[\"cosine\"]\n");
  const std::vector<Comparison> found = compare(study, Made(study, half).arms);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].axis, "data.synthetic_ratio");
  EXPECT_EQ(found[1].axis, "network.name");
  EXPECT_EQ(treatments().front(), "data.synthetic_ratio");
  EXPECT_EQ(treatments().back(), "train.schedule");
  EXPECT_EQ(treatments().size(), 12u);
}

TEST(Comparison, TheBaselineIsNoTreatmentElseTheFirstLevelElseAsTheStudySays) {
  const auto baseline = [](const Study& study) { return baseline_of(study, study.axes.at(0)); };
  EXPECT_EQ(baseline(with_axes("\"data.label_noise\" = [0.2, 0.0]\n")), Value{0.0});
  EXPECT_EQ(baseline(with_axes("\"data.standardise\" = [\"dataset\", \"none\"]\n")),
            Value{std::string("none")});
  EXPECT_EQ(baseline(with_axes("\"train.label_smoothing\" = [0.2, 0.1]\n")), Value{0.2});
  EXPECT_EQ(baseline(with_axes("\"train.optimizer\" = [\"adam\", \"sgd\"]\n")), Value{std::string("adam")});
  EXPECT_EQ(baseline(with_axes("\"train.optimizer\" = [\"adam\", \"sgd\"]\n",
                               "[report]\nbaseline = { \"train.optimizer\" = \"sgd\" }\n")),
            Value{std::string("sgd")});
  EXPECT_EQ(baseline(with_axes("\"train.label_smoothing\" = [0.2, 0]\n",
                               "[report]\nbaseline = { \"train.label_smoothing\" = 0.2 }\n")),
            Value{0.2});
}

std::string refusal(const std::string& axes, const std::string& baseline) {
  try {
    check_baselines(with_axes(axes, "[report]\nbaseline = " + baseline + "\n"), "study.toml");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    return error.what();
  }
  return "";
}

TEST(Comparison, BaselinesThatMeanNothingAreRefusedByName) {
  const std::string networks = "\"network.name\" = [\"simple-cnn\", \"pytorch-cnn\"]\n";
  EXPECT_EQ(refusal(networks, "{ \"network.name\" = \"pytorch-cnn\" }"), "");
  EXPECT_NE(refusal(networks, "{ \"network.name\" = \"lenet5\" }").find("\"lenet5\" is none of its levels"),
            std::string::npos);
  EXPECT_NE(refusal(networks, "{ \"train.augment\" = [] }").find("the study does not sweep it"),
            std::string::npos);
  EXPECT_NE(refusal("seed = [0, 1]\n", "{ seed = 1 }").find("study.toml:2"), std::string::npos);
  EXPECT_NE(refusal("seed = [0, 1]\n", "{ seed = 1 }").find("no treatment"), std::string::npos);
  EXPECT_NE(refusal(networks, "{ \"network.nam\" = 1 }").find("did you mean \"network.name\"?"),
            std::string::npos);
  EXPECT_NE(refusal(networks, "3").find("\"report.baseline\""), std::string::npos);
}

TEST(Comparison, TheResolvedStudyHasItsBaselineWhereOneIsGiven) {
  const std::string networks = "\"network.name\" = [\"simple-cnn\", \"pytorch-cnn\"]\n";
  EXPECT_EQ(to_toml(with_axes(networks)).find("[report]"), std::string::npos);
  const Study study = with_axes(networks, "[report]\nbaseline = { \"network.name\" = \"pytorch-cnn\" }\n");
  const Study again = parse_study(to_toml(study), "again.toml");
  EXPECT_EQ(again.baselines, study.baselines);
  EXPECT_EQ(differences(with_axes(networks), study),
            std::vector<std::string>{"baseline network.name: none -> \"pytorch-cnn\""});
  EXPECT_EQ(grid(study)[0].id, grid(with_axes(networks))[0].id);
}

}  // namespace
}  // namespace titrate::study
