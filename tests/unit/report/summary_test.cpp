#include "../../../src/report/summary.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "../../../src/report/html.hpp"
#include "../../../src/report/labels.hpp"
#include "../../../src/report/layout.hpp"
#include "../../../src/report/table.hpp"
#include "titrate/study/journal.hpp"
#include "unit/report/made_up.hpp"

namespace titrate::report {
namespace {

using Int = std::int64_t;

study::Study two_sizes() {
  study::Study study = made_up_study();
  study.axes = {axis<Int>("data.size", {1000, 100}), axis<double>("data.synthetic_ratio", {0.0, 1.0}),
                axis<Int>("seed", {0, 1, 2})};
  return study;
}

// At 100 images synthetic ones add 10 points, at 1,000 they take 5.
std::vector<study::TrialRecord> help_and_hurt(const study::Study& study) {
  std::vector<study::TrialRecord> records;
  for (const study::Trial& trial : study::grid(study)) {
    const bool small = trial.settings.data.size == 100, synthetic = trial.settings.data.synthetic_ratio > 0;
    const std::uint64_t wobble = synthetic && trial.settings.seed == 2 ? 1 : 0;
    records.push_back(done(trial, {(small ? 60u : 90u) + trial.settings.seed + wobble +
                                   (small && synthetic ? 10 : 0) - (!small && synthetic ? 5 : 0)}));
  }
  return records;
}

TEST(Summary, SaysWhereSyntheticImagesHelpAndHurt) {
  const study::Study study = two_sizes();
  const Summary summary = summary_of(study, help_and_hurt(study));
  ASSERT_EQ(summary.cells.size(), 4u);
  ASSERT_EQ(summary.comparisons[0].pairs.size(), 2u);
  EXPECT_EQ(summary.cells[summary.comparisons[0].pairs[0].cell].settings.data.size, 100u);  // sizes ascend
  EXPECT_EQ(summary.comparisons[0].pairs[0].verdict, study::Verdict::help);
  EXPECT_NEAR(summary.comparisons[0].pairs[0].accuracy.mean, 0.10 + 0.01 / 3, 1e-12);
  EXPECT_EQ(summary.comparisons[0].pairs[1].verdict, study::Verdict::hurt);
  EXPECT_EQ(
      headline(summary),
      "Synthetic images helped in 1 of 2 comparisons, most by +10.3 points (95 % interval 8.9 to 11.8, "
      "3 seeds) from 1 synthetic per real image, with 100 real images; they hurt in 1, most by -4.7 points "
      "(95 % interval -6.1 to -3.2, 3 seeds) from 1 synthetic per real image, with 1,000 real images.");
}

TEST(Summary, CountsWhatIsMissingAndComparesSharedSeedsOnly) {
  const study::Study study = two_sizes();
  std::vector<study::TrialRecord> records = help_and_hurt(study);
  const std::vector<study::Trial> trials = study::grid(study);  // 1000: ratio 0, seeds 0 1 2; ratio 1, ...
  records[0] = failed(trials[0], "out of memory");
  records[4] = diverged(trials[4]);
  records.erase(records.begin() + 11);
  const Summary summary = summary_of(study, records);
  EXPECT_EQ(summary.planned, 12u);
  EXPECT_EQ(summary.done, 9u);
  EXPECT_EQ(summary.failed, 1u);
  EXPECT_EQ(summary.diverged, 1u);
  EXPECT_EQ(summary.missing(), 1u);
  EXPECT_EQ(summary.problems.size(), 2u);
  EXPECT_EQ(summary.comparisons[0].pairs[1].accuracy.n, 1u);  // seed 0 failed without, seed 1 diverged with
  EXPECT_EQ(summary.comparisons[0].pairs[1].verdict, study::Verdict::too_few_seeds);
  EXPECT_EQ(trials_text(summary), "9 of 12 trials done, 1 diverged, 1 failed, 1 not run yet");
}

TEST(Labels, TheBudgetIsNamedWhereArmsHaveDifferentNumbersOfImages) {
  study::Study study = made_up_study();
  EXPECT_EQ(budget_text(study), "All arms train for equal epochs (3).");
  study.axes = {axis<double>("data.synthetic_ratio", {0.0, 1.0})};
  EXPECT_EQ(budget_text(study),
            "All arms train for equal epochs (3), not equal steps: more images mean more training steps.");
  study.base.data.mode = data::MixMode::replace;
  EXPECT_EQ(budget_text(study), "All arms train for equal epochs (3).");
}

TEST(Summary, ConfusionAndMeansAreOverSeeds) {
  const study::Study study = two_sizes();
  const Summary summary = summary_of(study, help_and_hurt(study));
  EXPECT_NEAR(summary.cells[0].accuracy().mean, 0.61, 1e-12);
  EXPECT_NEAR(summary.cells[0].metrics[study::kTestLoss].mean, 0.25, 1e-12);
  EXPECT_EQ(summary.cells[0].confusion, (std::vector<std::uint64_t>{10 + 11 + 12, 40 + 39 + 38, 0, 150}));
}

TEST(Summary, LearningCurvesAreMeansOverTheSeedsThatTrainedSoLong) {
  study::Study study = made_up_study();
  study.axes = {axis<Int>("data.size", {1000, 100}), axis<Int>("seed", {0, 1, 2})};
  const std::vector<study::Trial> trials = study::grid(study);
  std::vector<study::TrialRecord> records;
  for (const study::Trial& trial : trials) records.push_back(done(trial, {80}));
  records[1].outcome.epochs[0].train_loss = 0.25;  // 1,000 images, seed 1; the others lose 1
  records[1].outcome.epochs.resize(2);
  validate(records[0].outcome, 1);
  validate(records[1].outcome, 2);
  records[2] = diverged(trials[2]);  // does not count
  records[2].outcome.epochs = made_up_epochs(3);
  for (std::size_t i = 3; i < 6; ++i) records[i] = failed(trials[i], "out of memory");
  const Summary summary = summary_of(study, records);
  ASSERT_EQ(summary.curves.size(), 1u);
  EXPECT_EQ(summary.cells[summary.curves[0].cell].settings.data.size, 1000u);  // cells are sorted
  EXPECT_EQ(summary.curves[0].cell, 1u);
  const std::vector<EpochMeans>& epochs = summary.curves[0].epochs;
  ASSERT_EQ(epochs.size(), 3u);
  EXPECT_EQ(epochs[0].seeds, 2u);
  EXPECT_DOUBLE_EQ(epochs[0].train_loss, 0.625);
  EXPECT_DOUBLE_EQ(epochs[1].train_accuracy, 0.6);
  EXPECT_DOUBLE_EQ(epochs[0].validation_loss.value(), 0.5);
  EXPECT_DOUBLE_EQ(epochs[1].validation_accuracy.value(), 0.35);
  EXPECT_EQ(epochs[2].seeds, 1u);
  EXPECT_DOUBLE_EQ(epochs[2].train_loss, 1.0 / 3);
}

TEST(Summary, CalibrationErrorIsAMeanOverSeeds) {
  study::Study study = made_up_study();
  study.axes = {axis<Int>("seed", {0, 1})};
  const std::vector<study::Trial> trials = study::grid(study);
  const Summary summary = summary_of(study, {done(trials[0], {80}), done(trials[1], {60})});
  EXPECT_NEAR(summary.cells[0].metrics[metric_row("calibration_error")].mean, (0.1 + 0.3) / 2, 1e-12);
  EXPECT_NE(summary_json(study, summary).find("\"calibration_error\": {"), std::string::npos);
}

TEST(Summary, RecordsOfAnotherGridDoNotCount) {
  const study::Study study = two_sizes();
  const std::vector<study::TrialRecord> records = help_and_hurt(study);
  study::Study smaller = study;
  smaller.axes[0].values.pop_back();
  EXPECT_EQ(study::present_records(study::grid(smaller), records).size(), 6u);
  EXPECT_EQ(summary_of(smaller, records).planned, 6u);
  EXPECT_EQ(summary_of(smaller, records).done, 6u);
}

TEST(Summary, TestNoiseIsADimensionWhereATrialHasSeveral) {
  study::Study study = made_up_study();
  study.base.evaluate.noise_levels = {0, 0.3};
  study.axes = {axis<Int>("data.size", {100, 200})};
  std::vector<study::TrialRecord> records;
  for (const study::Trial& trial : study::grid(study)) records.push_back(done(trial, {90, 70}));
  const Summary summary = summary_of(study, records);
  ASSERT_EQ(summary.cells.size(), 4u);
  EXPECT_EQ(summary.cells[1].test_noise_level, 0.3);
  EXPECT_NEAR(summary.cells[1].accuracy().mean, 0.7, 1e-12);
  const Layout layout = layout_of(summary);
  ASSERT_EQ(layout.panels.size(), 2u);
  EXPECT_EQ(layout.panels[1].title, "test noise level 0.3");
}

study::Axis test_lists(const std::vector<std::vector<double>>& lists) {
  study::Axis result{.key = kTestLists};
  for (const std::vector<double>& list : lists) {
    std::vector<Value> values;
    for (const double level : list) values.push_back({level});
    result.values.push_back({values});
  }
  return result;
}

TEST(Summary, CellsOfListsThatShareATestNoiseStayApart) {
  study::Study study = made_up_study();
  study.axes = {test_lists({{0}, {0, 0.3}})};
  const std::vector<study::Trial> trials = study::grid(study);
  const Summary summary = summary_of(study, {done(trials[0], {91}), done(trials[1], {82, 73})});
  ASSERT_EQ(summary.cells.size(), 3u);
  EXPECT_EQ(summary.dimensions.size(), 2u);
  const std::string text = table_text(study, summary);
  for (const char* mean : {"91.00", "82.00", "73.00"})
    EXPECT_NE(text.find(mean), std::string::npos) << mean << " in\n" << text;
  EXPECT_NE(text.find("columns: tested noise levels"), std::string::npos) << text;

  study.axes = {test_lists({{0}, {0.3}})};  // the test noise tells them apart
  EXPECT_EQ(summary_of(study, {}).dimensions.size(), 1u);
  study.axes = {test_lists({{}, {0}})};
  const Summary as_trained = summary_of(study, {});
  ASSERT_EQ(as_trained.dimensions.size(), 1u);
  EXPECT_EQ(x_labels(as_trained, layout_of(as_trained)), (std::vector<std::string>{"as in training", "0"}));
}

TEST(Summary, JsonHoldsNullForWhatIsUnknown) {
  const study::Study study = two_sizes();
  const std::string json = summary_json(study, summary_of(study, {}));
  EXPECT_NE(json.find("\"missing\": 12"), std::string::npos);
  EXPECT_NE(json.find("\"mean\": null"), std::string::npos);
  EXPECT_EQ(json.find("nan"), std::string::npos);
}

TEST(Table, StaysWithinEightyColumnsAndNamesTheChange) {
  study::Study study = two_sizes();
  study.axes.push_back(axis<double>("data.noise_level", {0.0, 0.1}));
  study.axes.push_back(axis<std::string>("network.name", {"simple-cnn", "pytorch-cnn"}));
  study.axes[1] = axis<double>("data.synthetic_ratio", {0.0, 0.1, 0.2, 0.3, 0.5, 1.0});
  const std::string text = table_text(study, summary_of(study, help_and_hurt(study)));
  std::size_t width = 0;
  for (char c : text) {
    width = c == '\n' ? 0 : width + ((static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0);
    ASSERT_LE(width, 80u);
  }
  EXPECT_NE(text.find("noise level 0.1, pytorch-cnn"), std::string::npos);
  EXPECT_NE(text.find("help"), std::string::npos);
  EXPECT_NE(text.find("144 of 144 trials done"), std::string::npos);
}

// Where every cat is found and half of the few dogs, 90 % right says little of the dogs.
TEST(Table, MacroScoresStandBesideAccuracyWhereClassesAreUnequal) {
  const study::Study study = two_sizes();
  const auto with = [&](const std::vector<std::uint64_t>& confusion) {
    std::vector<study::TrialRecord> records = help_and_hurt(study);
    for (study::TrialRecord& record : records) {
      for (study::ConditionRecord& condition : record.outcome.conditions)
        condition.tally.confusion = confusion;
    }
    return summary_of(study, records);
  };
  const Summary unequal = with({80, 0, 10, 10}), alike = with({57, 0, 10, 33});
  EXPECT_TRUE(unequal.unequal_classes());
  EXPECT_FALSE(alike.unequal_classes());
  EXPECT_FALSE(summary_of(study, {}).unequal_classes());
  const std::string table = table_text(study, unequal);
  EXPECT_NE(table.find("macro F1, in which every class counts the same"), std::string::npos) << table;
  EXPECT_NE(table.find("80.39"), std::string::npos) << table;  // (160 / 170 + 20 / 30) / 2
  EXPECT_EQ(table_text(study, alike).find("macro F1"), std::string::npos);
  EXPECT_NE(report_html(study, unequal).find("<h2>Macro F1 of every cell</h2>"), std::string::npos);
  EXPECT_EQ(report_html(study, alike).find("<h2>Macro F1 of every cell</h2>"), std::string::npos);
}

TEST(Table, NumberOfSeedsStandsWhereItIsUnusual) {
  const study::Study study = two_sizes();
  std::vector<study::TrialRecord> records = help_and_hurt(study);
  records.erase(records.begin());
  EXPECT_NE(table_text(study, summary_of(study, records)).find(" (2)"), std::string::npos);
  EXPECT_NE(table_text(study, summary_of(study, {})).find("No trial has a result yet."), std::string::npos);
}

TEST(Layout, TheFirstNumericAxisStandsInForTheSize) {
  study::Study study = made_up_study();
  study.axes = {axis<std::string>("network.name", {"simple-cnn", "pytorch-cnn"}),
                axis<double>("train.learning_rate", {0.1, 0.01})};
  const Summary summary = summary_of(study, {});
  const Layout layout = layout_of(summary);
  ASSERT_TRUE(layout.x && layout.series);
  EXPECT_EQ(summary.dimensions[*layout.x].key, "train.learning_rate");
  EXPECT_EQ(summary.dimensions[*layout.series].key, "network.name");
  EXPECT_EQ(x_labels(summary, layout), (std::vector<std::string>{"0.01", "0.1"}));
  EXPECT_EQ(series_labels(summary, layout), (std::vector<std::string>{"simple-cnn", "pytorch-cnn"}));
}

TEST(Layout, ColumnsWithNothingToShowAreLeftOut) {
  const study::Study study = two_sizes();
  const Summary summary = summary_of(study, help_and_hurt(study));
  const Layout layout = layout_of(summary);
  const auto all = columns_of(summary, layout, layout.panels[0], "only", [](std::size_t) { return true; });
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].label, "0");
  const auto compared = columns_of(summary, layout, layout.panels[0], "only", [&](std::size_t cell) {
    return pair_of(summary.comparisons[0], cell) != nullptr;
  });
  ASSERT_EQ(compared.size(), 1u);
  EXPECT_EQ(compared[0].label, "1");
  EXPECT_EQ(compared[0].cells, all[1].cells);
}

TEST(Labels, SignedNumbers) {
  EXPECT_EQ(signed_fixed(1.5, 2), "+1.50");
  EXPECT_EQ(signed_fixed(-1.5, 1), "-1.5");
}

TEST(Layout, MoreRatiosThanColoursStandAlongX) {
  study::Study study = two_sizes();
  study.axes[1] = axis<double>("data.synthetic_ratio", {0, 1, 2, 3, 4, 5, 6, 7});  // the first is grey
  Summary summary = summary_of(study, {});
  EXPECT_EQ(summary.dimensions[*layout_of(summary).series].key, "data.synthetic_ratio");
  for (const study::Axis& many : {axis<double>("data.synthetic_ratio", {0, 1, 2, 3, 4, 5, 6, 7, 8}),
                                  axis<double>("data.synthetic_ratio", {1, 2, 3, 4, 5, 6, 7, 8, 9})}) {
    study.axes[1] = many;
    summary = summary_of(study, {});
    const Layout layout = layout_of(summary);
    EXPECT_EQ(summary.dimensions[*layout.x].key, "data.synthetic_ratio");
    EXPECT_EQ(summary.dimensions[*layout.series].key, "data.size");
    EXPECT_EQ(layout.panels.size(), 1u);
  }
}

TEST(Layout, NothingSweptIsOneCell) {
  const study::Study study = made_up_study();
  const Summary summary = summary_of(study, {done(study::grid(study)[0], {80})});
  const Layout layout = layout_of(summary);
  EXPECT_FALSE(layout.x || layout.series);
  ASSERT_EQ(layout.panels.size(), 1u);
  EXPECT_EQ(headline(summary), "Test accuracy is 80.0 % (1 seed).");
}

TEST(Layout, AllImagesComeLast) {
  study::Study study = made_up_study();
  study.axes = {axis<Int>("data.size", {0, 200, 100})};
  const Summary summary = summary_of(study, {});
  EXPECT_EQ(x_labels(summary, layout_of(summary)), (std::vector<std::string>{"100", "200", "all"}));
}

}  // namespace
}  // namespace titrate::report
