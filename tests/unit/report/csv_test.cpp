#include "../../../src/report/csv.hpp"
#include "titrate/study/journal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "unit/report/made_up.hpp"

namespace titrate::report {
namespace {

using Int = std::int64_t;

struct Made {
  study::Study study{};
  std::vector<study::TrialRecord> records{};
};

// Three seeds of one cell with two test conditions: done, diverged, failed.
Made three_seeds() {
  Made made{.study = made_up_study()};
  made.study.base.data.size = 1000;
  made.study.base.evaluate.noise_levels = {0, 0.25};
  made.study.axes = {axis<Int>("seed", {0, 1, 2}), axis<double>("train.learning_rate", {0.05})};
  const std::vector<study::Trial> trials = study::grid(made.study);
  made.records = {done(trials[0], {80, 60}), diverged(trials[1]),
                  failed(trials[2], "a \"reason\",\nin two lines")};
  return made;
}

std::string trial_of(const Made& made, std::size_t seed) { return made.records[seed].trial; }

// The lines of a CSV, which must be in the order of trial ids, under their header.
std::string in_order(const std::string& header, std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end(),
            [](const std::string& a, const std::string& b) { return a.substr(0, 16) < b.substr(0, 16); });
  std::string text = header + "\n";
  for (const std::string& line : lines) text += line;
  return text;
}

TEST(Csv, TrialsToTheByte) {
  const Made made = three_seeds();
  const std::string expected = in_order(
      "trial,status,network,size,synthetic_ratio,noise_level,seed,learning_rate,test_noise_level,train_"
      "images,"
      "steps,test_accuracy,test_loss,macro_precision,macro_recall,macro_f1,weighted_precision,weighted_"
      "recall,"
      "weighted_f1,calibration_error,mcc,best_epoch",
      {trial_of(made, 0) +
           ",done,simple-cnn,1000,0,0,0,0.05,0,1000,30,0.8,0.25,0.8571428571428572,0.8,0.7916666666666667,"
           "0.8571428571428572,0.8,0.7916666666666667,0.1,0.6546536707079772,\n" +
           trial_of(made, 0) +
           ",done,simple-cnn,1000,0,0,0,0.05,0.25,1000,30,0.6,0.25,0.7777777777777778,0.6,"
           "0.5238095238095238,0.7777777777777777,0.6,0.5238095238095238,0.3,0.3333333333333333,\n",
       trial_of(made, 1) + ",diverged,simple-cnn,1000,0,0,1,0.05,,,,,,,,,,,,,,\n",
       trial_of(made, 2) + ",failed,simple-cnn,1000,0,0,2,0.05,,,,,,,,,,,,,,\n"});
  EXPECT_EQ(trials_csv(made.study, study::present_records(study::grid(made.study), made.records)), expected);
}

TEST(Csv, OrderOfRecordsAndWhereTheyRanDoNotShow) {
  Made made = three_seeds();
  const auto all = [&] {
    const auto present = study::present_records(study::grid(made.study), made.records);
    return trials_csv(made.study, present) + cells_csv(made.study, summary_of(made.study, made.records)) +
           per_class_csv(made.study, present) + epochs_csv(present);
  };
  const std::string before = all();
  std::reverse(made.records.begin(), made.records.end());
  for (study::TrialRecord& record : made.records) {
    record.attempt = 2;
    record.numerics = "another";
    record.timing = {
        .train_seconds = 9, .total_seconds = 10, .host = "elsewhere", .world_rank = 3, .width = 2};
  }
  EXPECT_EQ(all(), before);
}

TEST(Csv, CellsToTheByte) {
  const Made made = three_seeds();
  EXPECT_EQ(
      cells_csv(made.study, summary_of(made.study, made.records)),
      "network,size,synthetic_ratio,noise_level,learning_rate,test_noise_level,seeds,diverged,failed,missing,"
      "train_images,steps,test_accuracy,test_accuracy_sd,test_accuracy_low,test_accuracy_high,test_loss,"
      "test_loss_sd,test_loss_low,test_loss_high,macro_precision,macro_precision_sd,macro_precision_low,"
      "macro_precision_high,macro_recall,macro_recall_sd,macro_recall_low,macro_recall_high,macro_f1,"
      "macro_f1_sd,macro_f1_low,macro_f1_high,calibration_error,calibration_error_sd,calibration_error_low,"
      "calibration_error_high,mcc,mcc_sd,mcc_low,mcc_high,compared,baseline,gain_seeds,gain,gain_sd,gain_low,"
      "gain_high,"
      "verdict\n"
      "simple-cnn,1000,0,0,0.05,0,1,1,1,0,1000,30,0.8,,,,0.25,,,,0.8571428571428572,,,,0.8,,,,"
      "0.7916666666666667,,,,0.1,,,,0.6546536707079772,,,,,,,,,,,\n"
      "simple-cnn,1000,0,0,0.05,0.25,1,1,1,0,1000,30,0.6,,,,0.25,,,,0.7777777777777778,,,,0.6,,,,"
      "0.5238095238095238,,,,0.3,,,,0.3333333333333333,,,,,,,,,,,\n");
}

TEST(Csv, PerClassAndTiming) {
  Made made = three_seeds();
  for (study::TrialRecord& record : made.records)
    record.settings.train.batch_size = 100;  // 30 steps, 3 epochs
  const std::string id = trial_of(made, 0);
  const auto present = study::present_records(study::grid(made.study), made.records);
  EXPECT_EQ(per_class_csv(made.study, present), "trial,test_noise_level,class,precision,recall,f1,support\n" +
                                                    id + ",0,cat,1,0.6,0.75,50\n" + id +
                                                    ",0,dog,0.7142857142857143,1,0.8333333333333334,50\n" +
                                                    id + ",0.25,cat,1,0.2,0.3333333333333333,50\n" + id +
                                                    ",0.25,dog,0.5555555555555556,1,0.7142857142857143,50\n");
  EXPECT_NE(timing_csv(present).find(id + ",1,2,1,4,1500.0,here,0,1\n"), std::string::npos);
}

TEST(Csv, WeightedScoresCountClassesByTheirImages) {
  Made made = three_seeds();
  study::Tally& tally = made.records[0].outcome.conditions[0].tally;
  tally.confusion = {60, 30, 0, 10};  // 90 cats, 10 dogs: precision 1 and 1/4, recall 2/3 and 1
  EXPECT_NE(trials_csv(made.study, study::present_records(study::grid(made.study), made.records))
                .find(",0.625,0.8333333333333333,0.6000000000000001,0.925,0.7,0.76,0.1,0.40824829046386"),
            std::string::npos);
}

TEST(Csv, BestEpochWhereThereWasValidation) {
  Made made = three_seeds();
  validate(made.records[0].outcome, 2);
  const std::string text =
      trials_csv(made.study, study::present_records(study::grid(made.study), made.records));
  EXPECT_NE(text.find(",0.1,0.6546536707079772,2\n"), std::string::npos) << text;
  EXPECT_NE(text.find(",0.3,0.3333333333333333,2\n"), std::string::npos) << text;
}

TEST(Csv, EpochsToTheByte) {
  Made made = three_seeds();
  made.records[0].outcome.epochs.resize(2);
  validate(made.records[0].outcome, 2);
  made.records[1].outcome.epochs.resize(1);  // and then diverged
  made.records[1].outcome.epochs[0].train_loss = std::numeric_limits<double>::infinity();
  const std::string expected = in_order(
      "trial,epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,learning_rate",
      {trial_of(made, 0) + ",1,1,0.5,0.75,0.25,0.01\n" + trial_of(made, 0) + ",2,0.5,0.6,0.25,0.35,0.01\n",
       trial_of(made, 1) + ",1,inf,0.5,,,0.01\n"});
  EXPECT_EQ(epochs_csv(study::present_records(study::grid(made.study), made.records)), expected);
}

TEST(Csv, RateOfABudgetOfStepsCountsPartsOfEpochs) {
  Made made = three_seeds();
  study::TrialRecord& record = made.records[0];
  record.settings.train.budget = study::Budget::steps;
  record.settings.train.batch_size = 300;
  record.outcome.steps = 9;  // of 300, 300, 300 and 100 images: two epochs and 300 images of the third
  EXPECT_NE(timing_csv({&record}).find(",2,1,4,1150.0,here"), std::string::npos);
}

// Of 1,001 images, where batch_norm cannot take the last one alone.
TEST(Csv, RateKnowsBatchesThatWereLeftOut) {
  Made made = three_seeds();
  study::TrialRecord& record = made.records[0];
  record.settings.train.batch_size = 100;
  record.outcome.train_images = 1001;
  EXPECT_NE(timing_csv({&record}).find(",2,1,4,1500.0,here"), std::string::npos);
  record.settings.train.budget = study::Budget::steps;
  record.outcome.steps = 21;  // with eleven in an epoch, these were two
  EXPECT_NE(timing_csv({&record}).find(",2,1,4,1050.0,here"), std::string::npos);
}

TEST(Csv, AxesKeepTheirWholeKeyWhereTheLastNameIsTaken) {
  Made made{.study = made_up_study()};
  made.study.axes = {axis<Int>("train.batch_size", {10}), axis<std::string>("data.noise_kind", {"gaussian"}),
                     axis<double>("data.noise_level", {0.5})};
  study::Axis tests{.key = "evaluate.noise_levels"};
  tests.values.push_back({std::vector<Value>{{0.0}, {0.5}}});
  made.study.axes.push_back(tests);
  EXPECT_EQ(trials_csv(made.study, {}).substr(0, 93),
            "trial,status,network,size,synthetic_ratio,noise_level,seed,batch_size,noise_kind,noise_levels");
  const study::TrialRecord record = done(study::grid(made.study)[0], {70, 60});
  EXPECT_NE(trials_csv(made.study, {&record}).find(",0.5,0,10,gaussian,\"0, 0.5\",0,"), std::string::npos);
}

TEST(Csv, QuotesAsRfc4180) {
  EXPECT_EQ(csv_field("plain text"), "plain text");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"no\""), "\"say \"\"no\"\"\"");
  EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
}

TEST(Csv, LossThatIsNoNumberIsNamed) {
  Made made = three_seeds();
  made.records[0].outcome.conditions[0].tally.loss_sum = -std::numeric_limits<double>::quiet_NaN();
  made.records[0].outcome.conditions[1].tally.loss_sum = std::numeric_limits<double>::infinity();
  const std::string text =
      trials_csv(made.study, study::present_records(study::grid(made.study), made.records));
  EXPECT_NE(text.find(",0.8,nan,"), std::string::npos);
  EXPECT_NE(text.find(",0.6,inf,"), std::string::npos);
}

}  // namespace
}  // namespace titrate::report
