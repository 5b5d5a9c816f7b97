// A group that fails, stops and goes on together: the trainer and the reference engine over real processes.
//
// Each rank has the same small dataset in its own memory; checkpoints lie in a folder that all share.
#include "titrate/train/trainer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "mpi_main.hpp"
#include "support/make_dataset.hpp"
#include "support/temporary_folder.hpp"
#include "titrate/comm/agreement.hpp"
#include "titrate/comm/mpi_exchange.hpp"
#include "titrate/net/zoo.hpp"
#include "titrate/train/checkpoint.hpp"

namespace titrate::train {
namespace {

const comm::Communicator& world() { return comm::session().world(); }

// What goes wrong or is wanted on this rank, and what it was told.
class Script final : public TrialObserver {
 public:
  std::string fails_at{};        // a site
  std::uint64_t stops_from = 0;  // asks to stop from this step on; 0: does not
  std::uint64_t first_step = 0, last_step = 0;
  std::vector<std::string> sites{}, warnings{};

  void at(const char* site) override {
    sites.emplace_back(site);
    if (fails_at == site)
      throw Error({.where = site, .what = "a fault of rank " + std::to_string(world().rank())});
  }
  void stepped(const TrialPosition& position) override {
    last_step = position.step;
    if (first_step == 0) first_step = last_step;
  }
  bool wants_stop() override { return stops_from > 0 && last_step >= stops_from; }
  void warn(const std::string& message) override { warnings.push_back(message); }
};

// 12 steps an epoch.
constexpr std::uint64_t kStepsPerEpoch = 12, kSteps = 36;

TrialSetup setup_of(study::Schedule schedule) {
  return {.network = net::make_network(
              {"conv 4 3", "batch_norm", "relu", "flatten", "dropout 0.2", "dense 3"}, {1, 12, 12}, 3),
          .train = {.epochs = 3,
                    .batch_size = 8,
                    .learning_rate = 0.2,
                    .momentum = 0.9,
                    .schedule = schedule,
                    .schedule_factor = 0.5,
                    .schedule_patience = 0,
                    .best_weights = true,
                    .augment = {},
                    .validation_fraction = 0.2,
                    .micro_batches = 4},
          .selection = {.size = 120, .validation_fraction = 0.2},
          .conditions = {{}},
          .seed = 5};
}

class TrainerTest : public testing::Test {
 protected:
  TrainerTest()
      : dataset_(test::make_dataset(
            test::random_content({12, 12, 1}, std::vector<test::ClassSize>(3, {.real = 40, .test = 10})))),
        engines_(TITRATE_ENGINE),
        group_(world().duplicate()),
        exchange_(group_) {
    if (world().rank() == 0) own_folder_.emplace();
    const std::string path = own_folder_ ? own_folder_->path().string() : "";
    folder_ = world().broadcast(path, 0);
  }
  ~TrainerTest() override { world().barrier(); }  // before rank 0 removes the folder

  TrainedTrial train(const TrialSetup& setup, Script& script, const CheckpointPolicy& policy = {}) {
    CheckpointFolder checkpoints(folder_, "trial", "class", ++attempt_, policy);
    const Group group =
        world().size() == 1 ? Group{} : Group{.communicator = &group_, .exchange = &exchange_, .device = {}};
    return train_trial(*dataset_, setup, group, engines_, {.checkpoints = &checkpoints, .observer = &script});
  }

  TrainedTrial undisturbed(const TrialSetup& setup) {
    return train_trial(*dataset_, setup, Group{}, engines_);
  }

  // The step after which all stopped; 0: it came to its end, as the same trial does that nobody disturbs.
  std::uint64_t run_until(const TrialSetup& setup, Script& script, const TrainedTrial& expected) {
    try {
      expect_same(train(setup, script), expected);
      return 0;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::stopped) << error.what();
    }
    const std::vector<std::string> steps = group_.all_gather(std::to_string(script.last_step));
    for (const std::string& step : steps) EXPECT_EQ(step, steps[0]);
    return script.last_step;
  }

  void remove_checkpoints() {
    if (world().rank() == 0) CheckpointFolder(folder_, "trial", "class", attempt_, {}).remove_all();
    group_.barrier();
  }

  static void expect_same(const TrainedTrial& found, const TrainedTrial& expected) {
    EXPECT_EQ(found.model.parameters, expected.model.parameters);
    EXPECT_EQ(found.model.running, expected.model.running);
    EXPECT_EQ(found.outcome.steps, expected.outcome.steps);
    EXPECT_EQ(found.outcome.best_epoch, expected.outcome.best_epoch);
    EXPECT_FALSE(found.outcome.diverged.has_value());
    ASSERT_EQ(found.outcome.epochs.size(), expected.outcome.epochs.size());
    for (std::size_t i = 0; i < found.outcome.epochs.size(); ++i) {
      EXPECT_EQ(found.outcome.epochs[i].train_loss, expected.outcome.epochs[i].train_loss);
      EXPECT_EQ(found.outcome.epochs[i].train_accuracy, expected.outcome.epochs[i].train_accuracy);
      EXPECT_EQ(found.outcome.epochs[i].validation_loss, expected.outcome.epochs[i].validation_loss);
      EXPECT_EQ(found.outcome.epochs[i].learning_rate, expected.outcome.epochs[i].learning_rate);
    }
    ASSERT_EQ(found.outcome.conditions.size(), 1u);
    EXPECT_EQ(found.outcome.conditions[0].tally.loss_sum, expected.outcome.conditions[0].tally.loss_sum);
  }

  const std::filesystem::path& folder() const { return folder_; }

 private:
  test::LoadedDataset dataset_;
  EngineLibrary engines_;
  comm::Communicator group_;
  comm::MpiExchange exchange_;
  std::optional<TemporaryFolder> own_folder_{};
  std::filesystem::path folder_{};
  std::uint32_t attempt_ = 0;
};

TEST_F(TrainerTest, AFaultOfAnyRankIsTheSameForAllAndTheGroupGoesOn) {
  const TrialSetup setup = setup_of(study::Schedule::constant);
  const TrainedTrial expected = undisturbed(setup);
  for (const std::string site :
       {"prepare", "make_engine", "read_checkpoint", "first_step", "finish_epoch", "validate", "test"}) {
    for (int rank = 0; rank < world().size(); ++rank) {
      Script script;
      if (rank == world().rank()) script.fails_at = site;
      std::string reason;
      try {
        train(setup, script);
      } catch (const Error& error) {
        reason = error.what();
        const auto* const agreed = dynamic_cast<const comm::AgreedError*>(&error);
        EXPECT_EQ(agreed == nullptr ? 1 : agreed->ranks(), world().size());
      }
      EXPECT_EQ(reason, site + ": a fault of rank " + std::to_string(rank));
      if (rank == world().rank()) {
        EXPECT_EQ(script.sites.back(), site);
      }
    }
  }
  Script script;
  expect_same(train(setup, script), expected);
}

TEST_F(TrainerTest, EveryRankSaysWhatItDoes) {
  Script script;
  train(setup_of(study::Schedule::constant), script, {.epochs = 2});
  std::vector<std::string> expected = {"prepare", "make_engine", "read_checkpoint", "first_step"};
  for (int epoch = 1; epoch <= 3; ++epoch) {
    expected.insert(expected.end(), {"finish_epoch", "validate"});
    if (epoch == 2 && world().rank() == 0) expected.emplace_back("checkpoint");
  }
  expected.emplace_back("test");
  EXPECT_EQ(script.sites, expected);
  EXPECT_EQ(script.last_step, kSteps);
}

TEST_F(TrainerTest, ATrialGoesOnWithoutCheckpointsAndIsToldOfOnce) {
  const TrialSetup setup = setup_of(study::Schedule::constant);
  const TrainedTrial expected = undisturbed(setup);
  const std::size_t once = world().rank() == 0 ? 1 : 0;
  Script faulty;
  faulty.fails_at = "checkpoint";
  expect_same(train(setup, faulty, {.minutes = 1e-12}), expected);
  ASSERT_EQ(faulty.warnings.size(), once);
  if (world().rank() == 0) {
    std::filesystem::remove_all(folder());
    std::ofstream(folder()) << "in the way";
  }
  world().barrier();
  Script blocked;
  expect_same(train(setup, blocked, {.epochs = 1}), expected);
  ASSERT_EQ(blocked.warnings.size(), once);
  if (once == 1) {
    EXPECT_NE(blocked.warnings[0].find(folder().string()), std::string::npos) << blocked.warnings[0];
  }
  Script stopped;  // loses what it cannot keep, and stops all the same
  stopped.stops_from = 5;
  EXPECT_GT(run_until(setup, stopped, expected), 0u);
  ASSERT_EQ(stopped.warnings.size(), once);
}

// Whichever rank asks, and again after it: the same bits as in one go, and as one rank
// alone.
TEST_F(TrainerTest, AllStopAfterTheSameStepAndGoOnFromIt) {
  for (const auto schedule : {study::Schedule::plateau, study::Schedule::one_cycle}) {
    const TrialSetup setup = setup_of(schedule);
    const TrainedTrial expected = undisturbed(setup);
    for (const std::uint64_t stop : {1u, 7u, 8u, 9u, 11u, 12u, 13u, 22u, 24u, 30u, 33u, 36u}) {
      SCOPED_TRACE(choice_name(schedule) + ", a stop from step " + std::to_string(stop));
      Script script, again, rest;
      const auto asks = static_cast<int>(stop % static_cast<std::uint64_t>(world().size()));
      if (world().rank() == asks) {
        script.stops_from = stop;
        again.stops_from = stop + 9;
      }
      const std::uint64_t next_meeting = std::min((stop + 7) / 8 * 8, (stop + 11) / kStepsPerEpoch * 12);
      const std::uint64_t stopped = world().size() == 1 ? stop : next_meeting;
      EXPECT_EQ(run_until(setup, script, expected), stopped);
      const std::uint64_t then = run_until(setup, again, expected);
      EXPECT_EQ(again.first_step, stopped < kSteps ? stopped + 1 : 0);
      if (then != 0) {
        EXPECT_EQ(run_until(setup, rest, expected), 0u);
        EXPECT_EQ(rest.first_step, then < kSteps ? then + 1 : 0);
      }
      remove_checkpoints();
    }
  }
}

TEST_F(TrainerTest, AStopAfterTheLastStepLeavesTheTest) {
  const TrialSetup setup = setup_of(study::Schedule::constant);
  const TrainedTrial expected = undisturbed(setup);
  Script script, rest;
  script.stops_from = kSteps;
  EXPECT_EQ(run_until(setup, script, expected), kSteps);
  expect_same(train(setup, rest), expected);
  EXPECT_LE(rest.sites.size(), 7u);  // with one epoch's end at most
}

}  // namespace
}  // namespace titrate::train
