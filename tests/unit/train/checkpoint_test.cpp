#include "titrate/train/checkpoint.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <thread>

#include "support/outcome.hpp"
#include "support/temporary_folder.hpp"
#include "titrate/core/hash.hpp"

namespace titrate::train {
namespace {

Checkpoint example() {
  Checkpoint checkpoint{.progress = {.step = 1234567890123, .epoch = 2, .batch = 7, .train_seconds = 0.1},
                        .engine = {.model = {.parameters = {1, -0.0f, 3e-40f, 4}, .running = {0.5f, 1}},
                                   .moments = {{1, 2, 3, 4}, {5, 6, 7, 8}},
                                   .optimizer_steps = 41,
                                   .sums = {.loss = 1 / 3.0, .weight = 17.25, .correct = 12, .images = 20}}};
  checkpoint.progress.watch = {.plateau = {.scale = 0.1, .best = 0.7, .bad_epochs = 1},
                               .best_loss = 0.69,
                               .best_epoch = 1,
                               .bad_epochs = 3};
  checkpoint.progress.epochs = {{.train_loss = 2.3, .train_accuracy = 0.1, .learning_rate = 0.01},
                                {.train_loss = 1 / 7.0,
                                 .train_accuracy = 0.9,
                                 .validation_loss = 0.69,
                                 .validation_accuracy = 0.875,
                                 .learning_rate = 0.001}};
  checkpoint.progress.best = Model{.parameters = {9, 8, 7, 6}, .running = {-1, 2}};
  return checkpoint;
}

void expect_same(const Checkpoint& a, const Checkpoint& b) {
  EXPECT_EQ(a.progress.step, b.progress.step);
  EXPECT_EQ(a.progress.epoch, b.progress.epoch);
  EXPECT_EQ(a.progress.batch, b.progress.batch);
  EXPECT_EQ(a.progress.watch.plateau.scale, b.progress.watch.plateau.scale);
  EXPECT_EQ(a.progress.watch.plateau.best, b.progress.watch.plateau.best);
  EXPECT_EQ(a.progress.watch.plateau.bad_epochs, b.progress.watch.plateau.bad_epochs);
  EXPECT_EQ(a.progress.watch.best_loss, b.progress.watch.best_loss);
  EXPECT_EQ(a.progress.watch.best_epoch, b.progress.watch.best_epoch);
  EXPECT_EQ(a.progress.watch.bad_epochs, b.progress.watch.bad_epochs);
  EXPECT_EQ(a.progress.train_seconds, b.progress.train_seconds);
  ASSERT_EQ(a.progress.epochs.size(), b.progress.epochs.size());
  for (std::size_t i = 0; i < a.progress.epochs.size(); ++i) {
    const study::EpochRecord &x = a.progress.epochs[i], &y = b.progress.epochs[i];
    EXPECT_EQ(x.train_loss, y.train_loss);
    EXPECT_EQ(x.train_accuracy, y.train_accuracy);
    EXPECT_EQ(x.validation_loss, y.validation_loss);
    EXPECT_EQ(x.validation_accuracy, y.validation_accuracy);
    EXPECT_EQ(x.learning_rate, y.learning_rate);
  }
  ASSERT_EQ(a.progress.best.has_value(), b.progress.best.has_value());
  if (a.progress.best) {
    EXPECT_EQ(a.progress.best->parameters, b.progress.best->parameters);
    EXPECT_EQ(a.progress.best->running, b.progress.best->running);
  }
  EXPECT_EQ(a.engine.model.parameters, b.engine.model.parameters);
  EXPECT_EQ(a.engine.model.running, b.engine.model.running);
  EXPECT_EQ(a.engine.moments, b.engine.moments);
  EXPECT_EQ(a.engine.optimizer_steps, b.engine.optimizer_steps);
  EXPECT_EQ(a.engine.sums.loss, b.engine.sums.loss);
  EXPECT_EQ(a.engine.sums.weight, b.engine.sums.weight);
  EXPECT_EQ(a.engine.sums.correct, b.engine.sums.correct);
  EXPECT_EQ(a.engine.sums.images, b.engine.sums.images);
  EXPECT_EQ(a.engine.sums.diverged, b.engine.sums.diverged);
}

void expect_round_trip(const Checkpoint& checkpoint) {
  const std::string bytes = encode(checkpoint, "x");
  const Checkpoint back = decode_checkpoint(bytes, "x", "c");
  expect_same(back, checkpoint);
  EXPECT_EQ(encode(back, "x"), bytes);
}

TEST(Checkpoint, IsReadBackToTheLastBit) { expect_round_trip(example()); }

TEST(Checkpoint, WithoutWhatATrialMayLack) {
  Checkpoint checkpoint = example();
  checkpoint.progress.best.reset();
  checkpoint.progress.epochs.clear();
  checkpoint.progress.watch = {};  // infinities
  checkpoint.engine.moments.clear();
  checkpoint.engine.model.running.clear();
  expect_round_trip(checkpoint);
  checkpoint.engine.sums.diverged = 3;
  checkpoint.engine.sums.loss = std::numeric_limits<double>::infinity();
  expect_round_trip(checkpoint);
}

// Any of the bits, of header, padding and arrays.
TEST(Checkpoint, AFlippedBitIsSeenOrMeansNothing) {
  const std::string bytes = encode(example(), "x");
  std::size_t seen = 0;
  for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
    std::string damaged = bytes;
    damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << (i % 8)));
    std::string read;
    const Outcome result = outcome([&] { read = encode(decode_checkpoint(damaged, "x", "damaged"), "x"); });
    if (result.message == "nothing was thrown") {
      EXPECT_EQ(read, bytes) << "byte " << i / 8;
    } else {
      EXPECT_EQ(result.code, ErrorCode::integrity) << "byte " << i / 8;
      EXPECT_TRUE(result.message.starts_with("damaged: ")) << result.message;
      ++seen;
    }
  }
  EXPECT_GT(seen, bytes.size() * 8 * 9 / 10);
}

TEST(Checkpoint, ACutOneIsRefused) {
  const std::string bytes = encode(example(), "x");
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_EQ(outcome([&] { decode_checkpoint(bytes.substr(0, length), "x", "c"); }).code,
              ErrorCode::integrity);
}

// Of the numerics class "cpu".
std::string file_of(const std::string& trial, const std::string& step, int attempt = 1) {
  return trial + "-" + hex(xxh3("cpu"), 8) + "-" + step + "-a" + std::to_string(attempt) + ".safetensors";
}

class CheckpointFolderTest : public testing::Test {
 protected:
  std::set<std::string> names() const {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(path()))
      found.insert(entry.path().filename().string());
    return found;
  }
  std::filesystem::path path() const { return folder_.path() / "checkpoints"; }
  void damage(const std::string& name) const {
    std::ofstream(path() / name, std::ios::binary) << "not a checkpoint";
  }
  static void save(CheckpointFolder& folder, std::uint64_t step) {
    Checkpoint checkpoint = example();
    checkpoint.progress.step = step;
    folder.save(checkpoint);
  }
  static std::uint64_t newest_step(CheckpointFolder& folder) {
    const std::string bytes = folder.newest();
    return bytes.empty() ? 0 : folder.decode(bytes).progress.step;
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(CheckpointFolderTest, KeepsTheLastTwoOfEachTrial) {
  CheckpointFolder a(path(), "aaaa", "cpu", 1, {}), b(path(), "bbbb", "cpu", 1, {});
  EXPECT_EQ(a.newest(), "");
  for (const std::uint64_t step : {9, 10, 100}) save(a, step);
  save(b, 1);
  EXPECT_EQ(names(), (std::set<std::string>{file_of("aaaa", "000000000010"), file_of("aaaa", "000000000100"),
                                            file_of("bbbb", "000000000001")}));
  EXPECT_EQ(newest_step(a), 100u);
  EXPECT_EQ(newest_step(b), 1u);
  a.remove_all();
  EXPECT_EQ(names(), (std::set<std::string>{file_of("bbbb", "000000000001")}));
  EXPECT_EQ(a.newest(), "");
}

TEST_F(CheckpointFolderTest, PassesOverDamagedOnes) {
  CheckpointFolder folder(path(), "aaaa", "cpu", 1, {});
  save(folder, 5);
  save(folder, 6);
  damage(file_of("aaaa", "000000000006"));
  EXPECT_EQ(newest_step(folder), 5u);
  damage(file_of("aaaa", "000000000005"));
  EXPECT_EQ(newest_step(folder), 0u);
  save(folder, 4);  // lower than those, which have gone
  EXPECT_EQ(newest_step(folder), 4u);
}

// Its numbers would go on in another arithmetic than the record says.
TEST_F(CheckpointFolderTest, AnotherNumericsClassStartsAnew) {
  CheckpointFolder here(path(), "aaaa", "cpu", 1, {}), elsewhere(path(), "aaaa", "gpu", 1, {});
  save(here, 5);
  EXPECT_EQ(newest_step(here), 5u);
  EXPECT_EQ(newest_step(elsewhere), 0u);
  for (const std::uint64_t step : {1, 2, 3}) save(elsewhere, step);
  EXPECT_EQ(newest_step(elsewhere), 3u);
  EXPECT_EQ(newest_step(here), 5u);  // it is still there
  elsewhere.remove_all();
  EXPECT_EQ(names(), std::set<std::string>{});
}

TEST_F(CheckpointFolderTest, WhatAKillLeftHalfWrittenGoes) {
  CheckpointFolder folder(path(), "aaaa", "cpu", 1, {});
  save(folder, 5);
  damage("." + file_of("aaaa", "000000000006") + ".tmp123");
  EXPECT_EQ(newest_step(folder), 5u);
  folder.remove_all();
  EXPECT_EQ(names(), std::set<std::string>{});
}

// A rank of attempt 2 that lives on while attempt 10 runs.
TEST_F(CheckpointFolderTest, AZombieTouchesNothingOfALaterAttempt) {
  CheckpointFolder zombie(path(), "aaaa", "cpu", 2, {}), present(path(), "aaaa", "cpu", 10, {});
  for (const std::uint64_t step : {5, 6}) save(zombie, step);
  EXPECT_EQ(newest_step(present), 6u);
  for (const std::uint64_t step : {7, 8}) save(present, step);
  std::set<std::string> both = {file_of("aaaa", "000000000007", 10), file_of("aaaa", "000000000008", 10)};
  EXPECT_EQ(names(), both);  // those of the older attempt have gone
  for (const std::uint64_t step : {8, 9, 10}) save(zombie, step);
  both.insert({file_of("aaaa", "000000000009", 2), file_of("aaaa", "000000000010", 2)});
  EXPECT_EQ(names(), both);
  EXPECT_EQ(newest_step(present), 10u);  // it is whole, and the numbers are the same
  damage("." + file_of("aaaa", "000000000011", 10) + ".tmp123");
  both.insert("." + file_of("aaaa", "000000000011", 10) + ".tmp123");
  damage(file_of("aaaa", "000000000007", 10));
  damage(file_of("aaaa", "000000000010", 2));
  EXPECT_EQ(newest_step(zombie), 9u);
  both.erase(file_of("aaaa", "000000000010", 2));
  EXPECT_EQ(names(), both);
  zombie.remove_all();
  both.erase(file_of("aaaa", "000000000009", 2));
  EXPECT_EQ(names(), both);
  present.remove_all();
  EXPECT_EQ(names(), std::set<std::string>{});
}

// Trial and class are hexadecimal: what follows "-a" need not be an attempt.
TEST_F(CheckpointFolderTest, OneWithoutAnAttemptIsOlderThanAll) {
  CheckpointFolder folder(path(), "aaaa", "cpu", 1, {});
  save(folder, 5);
  for (const char* name : {"aaaa-a1234567-000000000005.safetensors", "aaaa-a9.safetensors-old", "aaaa-"})
    damage(name);
  folder.remove_all();
  EXPECT_EQ(names(), (std::set<std::string>{"aaaa-a9.safetensors-old"}));
}

TEST_F(CheckpointFolderTest, OneThatCannotBeWrittenIsNotDueAgainAtOnce) {
  std::filesystem::create_directories(path().parent_path());
  std::ofstream(path()) << "in the way";
  CheckpointFolder folder(path(), "aaaa", "cpu", 1, {.minutes = 0.001});
  std::this_thread::sleep_for(std::chrono::milliseconds(70));
  EXPECT_TRUE(folder.due(false, 0));
  EXPECT_EQ(outcome([&] { save(folder, 5); }).code, ErrorCode::io);
  EXPECT_FALSE(folder.due(false, 0));
}

TEST(CheckpointPolicyTest, AfterSoManyEpochs) {
  const CheckpointFolder folder("none", "aaaa", "cpu", 1, {.epochs = 2});
  EXPECT_TRUE(folder.due(true, 2));
  EXPECT_FALSE(folder.due(true, 3));
  EXPECT_TRUE(folder.due(true, 4));
  EXPECT_FALSE(folder.due(false, 2));
}

TEST(CheckpointPolicyTest, AfterSoMuchTime) {
  EXPECT_TRUE(CheckpointFolder("none", "aaaa", "cpu", 1, {.minutes = 1e-12}).due(false, 0));
  EXPECT_FALSE(CheckpointFolder("none", "aaaa", "cpu", 1, {.minutes = 60}).due(true, 1));
  EXPECT_FALSE(CheckpointFolder("none", "aaaa", "cpu", 1, {}).due(true, 1));
}

}  // namespace
}  // namespace titrate::train
