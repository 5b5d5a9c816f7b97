#include "../../../src/sweep/cost.hpp"

#include <gtest/gtest.h>

#include "titrate/net/cost.hpp"
#include "titrate/train/setup.hpp"

namespace titrate::sweep {
namespace {

// 600 real training images and 90 to test on, of three classes.
shard::Manifest small_manifest() {
  shard::Manifest manifest{.name = "d", .class_names = {"a", "b", "c"}, .shape = {28, 28, 1}};
  manifest.mean = {0.1};
  manifest.deviation = {0.3};
  manifest.splits = {{.split = data::Split::train, .counts = {{200, 0, 0}, {200, 0, 0}, {200, 0, 0}}},
                     {.split = data::Split::test, .counts = {{30, 0, 0}, {30, 0, 0}, {30, 0, 0}}}};
  return manifest;
}

train::TrialSetup setup_of(const study::Settings& settings) {
  return train::make_setup(settings, small_manifest());
}

study::Settings settings_of(const std::string& network) {
  study::Settings settings{.network = {.name = network}};
  settings.train.epochs = 4;
  settings.train.batch_size = 64;
  return settings;
}

TEST(Cost, CountsWhatIsTrainedAndTested) {
  const train::TrialSetup setup = setup_of(settings_of("simple-cnn"));
  const TrialCost cost = trial_cost(setup, small_manifest());
  EXPECT_EQ(cost.train_images, 600u);
  EXPECT_EQ(cost.steps, 40u);  // ten batches of 64, the last one smaller
  EXPECT_EQ(cost.seen, 2400u);
  EXPECT_EQ(cost.images, 2430u);  // a third of the 90
  EXPECT_DOUBLE_EQ(cost.flops, 2430 * net::training_flops(setup.network));
}

TEST(Cost, APlannedTrialScalesWithTheSpeedAndExchangesEveryStep) {
  study::Settings settings = settings_of("simple-cnn");
  settings.train.micro_batches = 8;
  const train::TrialSetup setup = setup_of(settings);
  const dispatch::PlannedJob trial = planned_trial({.id = "x"}, setup, small_manifest(), 1e-3);
  EXPECT_EQ(trial.id, "x");
  EXPECT_DOUBLE_EQ(trial.seconds, 2.43);
  EXPECT_EQ(trial.most_ranks, 8);
  EXPECT_EQ(trial.width, 1);
  EXPECT_NEAR(trial.exchange_seconds / 40, 20e-6, 3e-6);  // as measured for 22,000 floats
  // 1.2 million floats: 0.93 ms, by what 1.7 million were measured to take.
  const dispatch::PlannedJob large =
      planned_trial({}, setup_of(settings_of("pytorch-cnn")), small_manifest(), 1e-3);
  EXPECT_NEAR(large.exchange_seconds / 40, 0.92e-3, 0.05e-3);
}

// Peak memory of a rank, in MB, as GNU time measured it in sweeps of 512 images on one rank.
struct Measured {
  const char* network;
  std::uint32_t batch_size;
  study::OptimizerKind optimizer;
  double megabytes;
};

TEST(Cost, MemoryIsWhatWasMeasured) {
  for (const Measured& run : {Measured{"simple-cnn", 64, study::OptimizerKind::sgd, 193},
                              Measured{"simple-cnn", 512, study::OptimizerKind::sgd, 227},
                              Measured{"pytorch-cnn", 64, study::OptimizerKind::adam, 348},
                              Measured{"pytorch-cnn", 256, study::OptimizerKind::adam, 391},
                              Measured{"noisy-cnn", 64, study::OptimizerKind::adam, 301},
                              Measured{"resnet-20", 64, study::OptimizerKind::sgd, 339},
                              Measured{"resnet-20", 256, study::OptimizerKind::sgd, 735},
                              Measured{"small-images-cnn", 128, study::OptimizerKind::adam, 278},
                              Measured{"lenet5", 64, study::OptimizerKind::sgd, 206},
                              Measured{"patch-mlp", 64, study::OptimizerKind::sgd, 172}}) {
    study::Settings settings = settings_of(run.network);
    settings.train.batch_size = run.batch_size;
    settings.train.optimizer = run.optimizer;
    const double bytes =
        static_cast<double>(program_bytes(comm::DeviceKind::cpu) + training_bytes(setup_of(settings)));
    EXPECT_NEAR(bytes / 1e6, run.megabytes, 0.2 * run.megabytes) << run.network << " " << run.batch_size;
  }
}

// Only a part of a batch is computed at a time.
TEST(Cost, PartsOfABatchTakeLessMemory) {
  study::Settings settings = settings_of("resnet-20");
  settings.train.batch_size = 512;
  const std::uint64_t whole = training_bytes(setup_of(settings));
  settings.train.micro_batches = 8;
  EXPECT_LT(training_bytes(setup_of(settings)), whole / 4);
}

TEST(Cost, DiskGrowsWithConditionsAndKeptWeights) {
  study::Settings settings = settings_of("pytorch-cnn");
  shard::Manifest manifest = small_manifest();
  manifest.splits[1].counts[0][0] = 10'000;
  const std::uint64_t plain = trial_disk_bytes(setup_of(settings), manifest, Keep::none);
  const std::uint64_t kept = trial_disk_bytes(setup_of(settings), manifest, Keep::all);
  EXPECT_GT(kept - plain, 4u * 1'190'000);  // what three classes leave of its 1.2 million parameters
  EXPECT_LT(kept - plain, 4u * 1'210'000);
  settings.evaluate.noise_levels = {0, 0.1, 0.2};
  const std::uint64_t three = trial_disk_bytes(setup_of(settings), manifest, Keep::none);
  EXPECT_GE(three - plain, 2u * 10'060 * 5);  // predictions of two more
  const std::uint64_t checkpoints = checkpoint_disk_bytes(setup_of(settings));
  settings.train.optimizer = study::OptimizerKind::adam;
  EXPECT_EQ(checkpoint_disk_bytes(setup_of(settings)), 3 * checkpoints);
}

}  // namespace
}  // namespace titrate::sweep
