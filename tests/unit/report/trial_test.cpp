#include "titrate/report/trial.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "../../../src/report/classification.hpp"
#include "../../../src/report/summary.hpp"
#include "titrate/core/error.hpp"
#include "titrate/study/journal.hpp"
#include "unit/report/made_up.hpp"

namespace titrate::report {
namespace {

using Int = std::int64_t;

struct Made {
  study::Study study = made_up_study();
  std::vector<study::TrialRecord> records{};
};

// Done, tested twice; diverged; failed.
Made three_seeds() {
  Made made;
  made.study.base.evaluate.noise_levels = {0, 0.25};
  made.study.axes = {axis<Int>("seed", {0, 1, 2})};
  const std::vector<study::Trial> trials = study::grid(made.study);
  made.records = {done(trials[0], {80, 60}), diverged(trials[1]), failed(trials[2], "device 0 is gone")};
  return made;
}

TEST(ClassificationList, HasEveryConditionOfEveryTrialThatIsDone) {
  Made made = three_seeds();
  made.records.push_back(done({.id = "ffffffffffffffff"}, {90}));
  made.records[3].outcome.conditions[0].tally.confusion = {40, 10, 4, 46};
  std::vector<const study::TrialRecord*> present;
  for (const study::TrialRecord& record : made.records) present.push_back(&record);
  const auto list = nlohmann::json::parse(classification_list(made.study, present));
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0].at("trial"), made.records[0].trial);
  EXPECT_EQ(list[0].at("test_noise_level"), 0.0);
  EXPECT_EQ(list[1].at("trial"), made.records[0].trial);
  EXPECT_EQ(list[1].at("test_noise_level"), 0.25);
  EXPECT_EQ(list[1].at("confusion"), nlohmann::json::parse("[[10, 40], [0, 50]]"));
  EXPECT_EQ(list[1].at("confused"), nlohmann::json::parse(R"([["cat", "dog", 40]])"));
  EXPECT_NEAR(list[1].at("calibration_error").get<double>(), 0.3, 1e-12);
  EXPECT_EQ(list[2].at("confused"), nlohmann::json::parse(R"([["cat", "dog", 10], ["dog", "cat", 4]])"));
  EXPECT_EQ(list[2].at("report"),
            nlohmann::json::parse(classification_json(made.records[3].outcome.conditions[0].tally.confusion,
                                                      made.study.class_names)));
}

TEST(ClassificationList, NamesTheTenMostFrequentMistakes) {
  Made made = three_seeds();
  std::vector<std::uint64_t> confusion(16, 1);
  confusion[4 * 3 + 1] = 7;
  made.records[0].outcome.conditions.resize(1);
  made.records[0].outcome.conditions[0].tally.confusion = confusion;
  const auto list = nlohmann::json::parse(classification_list(made.study, {&made.records[0]}));
  ASSERT_EQ(list[0].at("confused").size(), 10u);  // of twelve
  EXPECT_EQ(list[0].at("confused")[0], nlohmann::json::parse(R"(["3", "dog", 7])"));
  EXPECT_EQ(list[0].at("confused")[1], nlohmann::json::parse(R"(["cat", "dog", 1])"));
}

TEST(ClassificationList, IsAnArrayWithoutTrials) {
  EXPECT_EQ(classification_list(made_up_study(), {}), "[]\n");
}

std::string message_of(const std::vector<study::TrialRecord>& records, const std::string& id) {
  try {
    study::find_trial(records, id);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    return error.what();
  }
  return "found";
}

TEST(Trial, IsFoundByTheStartOfItsName) {
  const std::vector<study::TrialRecord> records = {
      {.trial = "aa11"}, {.attempt = 2, .trial = "ab22"}, {.attempt = 3, .trial = "ab22"}, {.trial = "ac33"}};
  EXPECT_EQ(study::find_trial(records, "aa").trial, "aa11");
  EXPECT_EQ(study::find_trial(records, "ab").attempt, 2u);  // two records of one trial are no two trials
  EXPECT_EQ(message_of(records, "ac33"), "found");
  EXPECT_EQ(message_of(records, "a"), "trial \"a\": 3 trials begin so; give more of aa11, ab22, ac33");
  EXPECT_EQ(message_of(records, "ac34"),
            "trial \"ac34\": there is no such trial in this run; did you mean \"ac33\"?");
  EXPECT_EQ(
      message_of(records, "0123456789"),
      "trial \"0123456789\": there is no such trial in this run; trials.csv lists those that there are");
}

TEST(Trial, TextHasTheReportOfEachCondition) {
  const Made made = three_seeds();
  const study::TrialRecord& record = made.records[0];
  const std::string text = trial_text(made.study, record);
  EXPECT_EQ(text.find("trial " + record.trial + ": done\n"), 0u);
  EXPECT_NE(text.find("evaluate.noise_levels=[0, 0.25] seed=0\n"), std::string::npos) << text;
  for (const study::ConditionRecord& condition : record.outcome.conditions) {
    EXPECT_NE(text.find(classification_text(condition.tally.confusion, made.study.class_names)),
              std::string::npos);
  }
  EXPECT_NE(text.find("\ntest noise level 0: accuracy 80.00 %, loss 0.2500\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\ntest noise level 0.25 (gaussian): accuracy 60.00 %"), std::string::npos) << text;
  EXPECT_NE(text.find("most often confused: cat as dog (20)\ncalibration error: 0.1000\n"),
            std::string::npos);
  EXPECT_NE(text.find("most often confused: cat as dog (40)\ncalibration error: 0.3000\n"),
            std::string::npos);
}

TEST(Trial, TextSaysWhyThereIsNoResult) {
  const Made made = three_seeds();
  const std::string lost = trial_text(made.study, made.records[1]);
  EXPECT_NE(lost.find(": diverged\n"), std::string::npos);
  EXPECT_NE(lost.find("\ntraining loss was no finite number at step 7\n"), std::string::npos);
  EXPECT_EQ(lost.find("precision"), std::string::npos);
  EXPECT_NE(trial_text(made.study, made.records[2]).find("\ndevice 0 is gone\n"), std::string::npos);
}

}  // namespace
}  // namespace titrate::report
