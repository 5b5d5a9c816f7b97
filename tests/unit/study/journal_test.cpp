#include "titrate/study/journal.hpp"
#include "titrate/core/json_lines.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <limits>

#include "support/outcome.hpp"
#include "support/temporary_folder.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/study/study.hpp"

namespace titrate::study {
namespace {

TrialRecord make_record(std::uint64_t seed, std::uint32_t attempt = 1, Status status = Status::done) {
  TrialRecord record{.attempt = attempt, .status = status};
  record.settings.seed = seed;
  record.settings.data.noise_level = 0.1;
  record.settings.evaluate.noise_levels = {0.1, 0.3};
  record.trial = trial_id(record.settings, "f");
  record.fingerprint = "f";
  record.version = "0";
  record.numerics = "torch/cpu";
  record.outcome.train_images = 100;
  record.outcome.steps = 7;
  if (status == Status::done) {
    record.outcome.best_epoch = 1;
    record.outcome.epochs = {{0.1, 0.9, std::nullopt, 1.0 / 3, 0.1 / 3}};
    record.outcome.conditions = {
        {{image::NoiseKind::gaussian, 0.1},
         {.images = 4, .correct = 3, .loss_sum = 1.0 / 7, .confusion = {2, 0, 1, 1}}}};
    record.outcome.conditions[0].tally.calibration[14] = {4, 3, 1.0 / 9};
  }
  return record;
}

TEST(Record, ReadsBackToTheBit) {
  const TrialRecord record = make_record(3);
  const std::string json = to_json(record);
  EXPECT_TRUE(json.starts_with("{\"schema\":2,\"attempt\":1,\"trial\":\"" + record.trial + "\","));
  const TrialRecord again = parse_record(json, "test");
  EXPECT_EQ(to_json(again), json);
  EXPECT_EQ(again.outcome.conditions[0].tally.loss_sum, 1.0 / 7);
  EXPECT_EQ(again.outcome.conditions[0].tally.calibration[14].probability_sum, 1.0 / 9);
  EXPECT_EQ(again.outcome.conditions[0].tally.calibration[13].images, 0u);
  EXPECT_EQ(again.outcome.epochs[0].learning_rate, 0.1 / 3);
  EXPECT_EQ(again.outcome.best_epoch, 1u);
  EXPECT_EQ(again.settings.evaluate.noise_levels, record.settings.evaluate.noise_levels);
}

TEST(Record, SaysWhereATrialDiverged) {
  TrialRecord record = make_record(3, 1, Status::diverged);
  record.outcome.diverged = {17, "training loss"};
  const TrialRecord again = parse_record(to_json(record), "test");
  ASSERT_TRUE(again.outcome.diverged);
  EXPECT_EQ(again.outcome.diverged->step, 17u);
  EXPECT_EQ(again.outcome.diverged->quantity, "training loss");
  EXPECT_FALSE(parse_record(to_json(make_record(3)), "test").outcome.diverged);
}

TEST(Record, KeepsWhatJsonHasNoNumberFor) {
  TrialRecord record = make_record(3);
  record.outcome.conditions[0].tally.loss_sum = std::numeric_limits<double>::infinity();
  EXPECT_EQ(parse_record(to_json(record), "").outcome.conditions[0].tally.loss_sum,
            std::numeric_limits<double>::infinity());
}

TEST(Record, RefusesOtherText) {
  EXPECT_THROW(parse_record("{}", "x"), Error);
  const auto code_of = [](const std::string& text) { return outcome([&] { parse_record(text, "x"); }).code; };
  EXPECT_EQ(code_of("{\"schema\":99}"), ErrorCode::usage);  // not damaged, but of another version
  EXPECT_EQ(code_of("{\"schema\":2}"), ErrorCode::integrity);
  EXPECT_THROW(parse_record("nonsense", "x"), Error);
}

TEST(Journal, UnitesAttemptsAndPrefersResults) {
  const TemporaryFolder folder;
  make_folder(folder.path() / "journal");
  JsonLinesWriter(journal_file(folder.path(), 1, 0)).append(to_json(make_record(1, 1, Status::failed)));
  JsonLinesWriter(journal_file(folder.path(), 2, 3)).append(to_json(make_record(1, 2)));
  JsonLinesWriter(journal_file(folder.path(), 2, 0)).append(to_json(make_record(2, 2)));
  const Journal journal = read_journal(folder.path());
  EXPECT_EQ(journal.last_attempt, 2u);
  ASSERT_EQ(journal.records.size(), 2u);
  for (const TrialRecord& record : journal.records) EXPECT_EQ(record.status, Status::done);
}

TEST(Journal, DropsATornLineAloud) {
  const TemporaryFolder folder;
  make_folder(folder.path() / "journal");
  JsonLinesWriter(journal_file(folder.path(), 1, 0)).append(to_json(make_record(1)));
  std::ofstream(folder.path() / "journal" / "attempt-0001-rank-00000.jsonl", std::ios::app)
      << "{\"schema\":1,\"att";
  const Journal journal = read_journal(folder.path());
  EXPECT_EQ(journal.records.size(), 1u);
  ASSERT_EQ(journal.warnings.size(), 1u);
  EXPECT_NE(journal.warnings[0].find("rank-00000.jsonl:2"), std::string::npos);
}

TEST(Journal, CallsADifferenceInOneNumericsClassAViolation) {
  TrialRecord other = make_record(1, 2);
  EXPECT_EQ(unite({make_record(1), other}).size(), 1u);
  other.outcome.conditions[0].tally.correct = 2;
  try {
    unite({make_record(1), other});
    FAIL() << "not seen";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::integrity);
    EXPECT_NE(std::string(error.what()).find(other.trial), std::string::npos);
  }
  other.numerics = "torch/cuda";
  EXPECT_EQ(unite({make_record(1), other})[0].numerics, "torch/cpu")
      << "another class may differ; the earlier attempt counts";
}

TEST(Journal, OfAFolderWithoutOneIsEmpty) { EXPECT_TRUE(read_journal("/nonexistent").records.empty()); }

}  // namespace
}  // namespace titrate::study
