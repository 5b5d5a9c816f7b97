#include "../../../src/report/comparison_text.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "../../../src/report/csv.hpp"
#include "../../../src/report/html.hpp"
#include "../../../src/report/labels.hpp"
#include "../../../src/report/table.hpp"
#include "titrate/study/keys.hpp"
#include "unit/report/made_up.hpp"

namespace titrate::report {
namespace {

using Int = std::int64_t;
using Strings = std::vector<std::string>;

study::Axis lists(std::string key, const std::vector<Strings>& levels) {
  study::Axis result{.key = std::move(key)};
  for (const Strings& level : levels) {
    std::vector<Value> values;
    for (const std::string& text : level) values.push_back({text});
    result.values.push_back({values});
  }
  return result;
}

// Three seeds at 100 and 1,000 images. Each level but the first of the axis adds `more` points at 100 images
// and takes as many at 1,000, a little otherwise by seed.
struct Made {
  study::Study study = made_up_study();
  Summary summary{};

  explicit Made(const study::Axis& compared, std::uint64_t more = 5) {
    study.axes = {axis<Int>("data.size", {100, 1000}), compared, axis<Int>("seed", {0, 1, 2})};
    if (compared.key == "data.synthetic_classes")
      study.base.data.synthetic_ratio = 1;  // else it has no effect
    std::vector<study::TrialRecord> records;
    for (const study::Trial& trial : study::grid(study)) {
      const Value level = study::find_key(compared.key, "axes").get(trial.settings);
      const bool treated = !(level == compared.values.front()), small = trial.settings.data.size == 100;
      const std::uint64_t wobble = treated && trial.settings.seed == 2 ? 1 : 0;
      records.push_back(done(trial, {75 + trial.settings.seed + wobble + (treated && small ? more : 0) -
                                     (treated && !small ? more : 0)}));
    }
    summary = summary_of(study, records);
  }

  std::string sentence() const { return headline(summary); }
  ComparisonWords words() const { return words_of(summary, summary.comparisons.at(0)); }
};

const std::string kGain = "+5.3 points (95 % interval 3.9 to 6.8, 3 seeds)",
                  kLoss = "-4.7 points (95 % interval -6.1 to -3.2, 3 seeds)";

TEST(ComparisonText, ATreatmentWithOneLevelIsNamed) {
  const Made made(lists("train.augment", {{}, {"shift 2", "rotate 10"}}));
  EXPECT_EQ(made.sentence(), "Augmentation by shift 2 and rotate 10 helped in 1 of 2 comparisons, most by " +
                                 kGain + ", with 100 real images; it hurt in 1, most by " + kLoss +
                                 ", with 1,000 real images.");
  EXPECT_EQ(made.words().heading, "What augmentation did");
  EXPECT_EQ(made.words().against, "no augmentation");
}

TEST(ComparisonText, OfSeveralLevelsTheBestAndTheWorstAreNamed) {
  EXPECT_EQ(Made(axis<double>("data.label_noise", {0, 0.1, 0.2})).sentence(),
            "Label noise helped in 2 of 4 comparisons, most by " + kGain +
                " from label noise 0.1, with 100 real images; it hurt in 2, most by " + kLoss +
                " from label noise 0.1, with 1,000 real images.");
}

TEST(ComparisonText, AChoiceIsBetterOrWorse) {
  const Made made(axis<std::string>("network.name", {"simple-cnn", "resnet-20"}));
  EXPECT_EQ(made.sentence(), "resnet-20 did better than simple-cnn in 1 of 2 comparisons, most by " + kGain +
                                 ", with 100 real images; it did worse in 1, most by " + kLoss +
                                 ", with 1,000 real images.");
  EXPECT_EQ(made.words().heading, "resnet-20 against simple-cnn");
  const std::string table = table_text(made.study, made.summary);
  EXPECT_NE(table.find("change in points against simple-cnn, over the same seeds"), std::string::npos);
  EXPECT_NE(table.find("+5.33 ± 1.43 better"), std::string::npos) << table;
  EXPECT_NE(table.find("-4.67 ± 1.43 worse"), std::string::npos) << table;
  EXPECT_EQ(
      Made(axis<std::string>("network.name", {"simple-cnn", "resnet-20", "lenet5"})).sentence().substr(0, 55),
      "Other networks did better than simple-cnn in 2 of 4 com");
}

TEST(ComparisonText, NoClearDifference) {
  EXPECT_EQ(Made(lists("data.denoise", {{}, {"denoise median 3"}}), 0).sentence(),
            "Denoising by median 3 made no clear difference in any of 2 comparisons.");
  EXPECT_EQ(Made(axis<std::string>("train.optimizer", {"sgd", "adam"}), 0).sentence(),
            "Optimizer adam made no clear difference against optimizer sgd in any of 2 comparisons.");
}

// The sentence of one pair, but for its numbers.
std::string one(const study::Axis& compared) {
  Made made(compared);
  made.summary.comparisons[0].pairs.resize(1);
  const std::string text = made.sentence();
  return text.substr(0, text.find(" by +")) + text.substr(text.rfind("):") + 1);
}

TEST(ComparisonText, OnePairIsToldInFull) {
  const std::string changed = " changed test accuracy", help = ": help.", better = ": better.",
                    with = "With 100 real images, ";
  EXPECT_EQ(one(axis<double>("data.synthetic_ratio", {0, 1})),
            with + "adding 1 synthetic per real image" + changed + help);
  EXPECT_EQ(one(axis<Int>("data.augmented_copies", {0, 2})),
            with + "2 augmented copies per real image" + changed + help);
  EXPECT_EQ(one(axis<std::string>("data.synthetic_classes", {"as_real", "fill"})),
            with + "synthetic classes fill instead of synthetic classes as_real" + changed + better);
  EXPECT_EQ(one(lists("data.denoise", {{}, {"denoise median 3"}})),
            with + "denoising by median 3" + changed + help);
  EXPECT_EQ(one(axis<double>("data.label_noise", {0, 0.2})), with + "label noise 0.2" + changed + help);
  EXPECT_EQ(one(axis<std::string>("data.standardise", {"none", "pixel"})),
            with + "standardisation by pixel" + changed + help);
  EXPECT_EQ(one(lists("train.augment", {{}, {"shift 2"}})),
            with + "augmentation by shift 2" + changed + help);
  EXPECT_EQ(one(axis<std::string>("train.class_weights", {"none", "balanced"})),
            with + "balanced class weights" + changed + help);
  EXPECT_EQ(one(axis<double>("train.label_smoothing", {0, 0.1})),
            with + "label smoothing 0.1" + changed + help);
  EXPECT_EQ(one(axis<double>("train.label_smoothing", {0.1, 0.2})),
            with + "label smoothing 0.2 instead of label smoothing 0.1" + changed + better);
  EXPECT_EQ(one(axis<std::string>("network.name", {"simple-cnn", "lenet5"})),
            with + "lenet5 instead of simple-cnn" + changed + better);
  EXPECT_EQ(one(axis<std::string>("train.optimizer", {"sgd", "adam"})),
            with + "optimizer adam instead of optimizer sgd" + changed + better);
  EXPECT_EQ(one(axis<std::string>("train.schedule", {"constant", "cosine"})),
            with + "schedule cosine instead of schedule constant" + changed + better);
}

// A level that the key takes and that is not its default.
Value another_level(const study::Key& key) {
  const Value first = key.get({});
  if (key.is_choice) return {key.values.substr(key.values.rfind(' ') + 1)};
  if (std::holds_alternative<std::string>(first.data)) return {std::string("another")};
  if (std::holds_alternative<double>(first.data)) return {0.5};
  if (std::holds_alternative<Int>(first.data)) return {Int{2}};
  return {std::vector<Value>{{std::string("shift 2")}}};
}

TEST(ComparisonText, EveryTreatmentHasAName) {
  for (const std::string& name : study::treatments()) {
    const study::Key& key = study::find_key(name, "");
    const Made made({.key = name, .values = {key.get({}), another_level(key)}});
    EXPECT_FALSE(made.words().heading.empty()) << name;
    EXPECT_NE(report_html(made.study, made.summary).find("<h2>" + made.words().heading + "</h2>"),
              std::string::npos)
        << name;
  }
}

// Two treatments: the first one's is the headline, the second one has its own sentence everywhere.
TEST(ComparisonText, FurtherComparisonsHaveTheirOwnPlace) {
  study::Study study = made_up_study();
  study.axes = {axis<std::string>("network.name", {"simple-cnn", "lenet5"}),
                axis<double>("data.synthetic_ratio", {0, 1}), axis<Int>("seed", {0, 1, 2})};
  std::vector<study::TrialRecord> records;
  for (const study::Trial& trial : study::grid(study)) {
    const bool synthetic = trial.settings.data.synthetic_ratio > 0,
               lenet = trial.settings.network.name == "lenet5";
    records.push_back(done(trial, {60 + trial.settings.seed + (synthetic ? 10u : 0u) + (lenet ? 20u : 0u)}));
  }
  const Summary summary = summary_of(study, records);
  const std::string first = "Synthetic images helped in 2 of 2 comparisons",
                    second = "lenet5 did better than simple-cnn in 2 of 2";
  EXPECT_EQ(headline(summary).substr(0, first.size()), first);
  const std::string table = table_text(study, summary);
  EXPECT_LT(table.find(first), table.find(second));
  const std::string html = report_html(study, summary);
  EXPECT_LT(html.find("<h2>What the synthetic images did</h2>"),
            html.find("<h2>lenet5 against simple-cnn</h2>"));
  EXPECT_LT(html.find("<h2>lenet5 against simple-cnn</h2>"), html.find("<h2>Accuracy and loss</h2>"));
  const auto json = nlohmann::json::parse(summary_json(study, summary));
  EXPECT_EQ(json.at("comparison"), "data.synthetic_ratio");
  EXPECT_EQ(json.at("gains").size(), 2u);
  ASSERT_EQ(json.at("comparisons").size(), 2u);
  EXPECT_EQ(json["comparisons"][1].at("axis"), "network.name");
  EXPECT_EQ(json["comparisons"][1].at("baseline"), "simple-cnn");
  const auto& pair = json["comparisons"][1].at("pairs").at(0);
  EXPECT_EQ(pair.at("level"), "lenet5");
  EXPECT_EQ(pair.at("verdict"), "help");
  EXPECT_NEAR(pair.at("difference").at("mean").get<double>(), 0.2, 1e-12);
  EXPECT_EQ(json["cells"][pair.at("baseline").get<std::size_t>()].at("at").at("network.name"), "simple-cnn");
}

TEST(ComparisonText, TheCellsTableHoldsTheFirstComparison) {
  const Made made(axis<std::string>("train.schedule", {"constant", "cosine"}));
  const std::string cells = cells_csv(made.study, made.summary);
  EXPECT_NE(cells.find(",help\n"), std::string::npos) << cells;
  EXPECT_NE(cells.find(",hurt\n"), std::string::npos) << cells;
}

}  // namespace
}  // namespace titrate::report
