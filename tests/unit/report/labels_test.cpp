#include "../../../src/report/labels.hpp"

#include <gtest/gtest.h>

#include "titrate/study/network.hpp"

#include "unit/report/made_up.hpp"

namespace titrate::report {
namespace {

using Int = std::int64_t;

TEST(Labels, NetworksAreCalledByTheirName) {
  study::Study study = made_up_study();
  study.networks["mine"] = {.layers = {"flatten", "dense 10"}};
  study.axes = {axis<std::string>("network.name", {"pytorch-cnn", "mine"})};
  const std::vector<study::Trial> trials = study::grid(study);
  EXPECT_EQ(study::network_text(trials[0].settings), "pytorch-cnn");
  ASSERT_EQ(trials[1].settings.network.layers.size(), 2u);
  EXPECT_EQ(study::network_text(trials[1].settings), "mine");

  study::Settings unnamed;
  EXPECT_EQ(study::network_text(unnamed), "simple-cnn");
  unnamed.network.layers = {"flatten", "dense 10"};
  EXPECT_EQ(study::network_text(unnamed), "flatten, dense 10");
}

TEST(Labels, AxesAreNamedAsAPersonWould) {
  const study::Study study = made_up_study();
  const auto label = [&](const char* key) { return axis_label(study, key); };
  EXPECT_EQ(label("train.learning_rate"), "learning rate");
  EXPECT_EQ(label("train.optimizer"), "optimizer");
  EXPECT_EQ(label("train.schedule"), "schedule");
  EXPECT_EQ(label("data.label_noise"), "label noise");
  EXPECT_EQ(label("train.weight_decay"), "weight decay");
  EXPECT_EQ(label("network.name"), "network");
  EXPECT_EQ(label("network.layers"), "network");
  EXPECT_EQ(label("train.augment"), "augmentation");
  EXPECT_EQ(label("train.clip_norm"), "gradient clipping");
}

// The phrases of an axis's levels.
std::vector<std::string> phrases(const study::Axis& swept) {
  study::Study study = made_up_study();
  study.axes = {swept};
  const Summary summary = summary_of(study, {});
  std::vector<std::string> texts;
  for (const Cell& cell : summary.cells) texts.push_back(level_phrase(summary.dimensions.at(0), cell));
  return texts;
}

using Texts = std::vector<std::string>;

TEST(Labels, LevelsAreNamedAsAPersonWould) {
  EXPECT_EQ(phrases(axis<Int>("train.epochs", {1, 1000})), (Texts{"1 epoch", "1,000 epochs"}));
  EXPECT_EQ(phrases(axis<Int>("train.steps", {10, 1000})), (Texts{"10 steps", "1,000 steps"}));
  EXPECT_EQ(phrases(axis<Int>("train.early_stopping", {0, 5})),
            (Texts{"no early stopping", "early stopping 5"}));
  EXPECT_EQ(phrases(axis<std::string>("train.optimizer", {"sgd", "adam"})),
            (Texts{"optimizer sgd", "optimizer adam"}));
  EXPECT_EQ(phrases(axis<double>("data.label_noise", {0, 0.2})),
            (Texts{"no label noise", "label noise 0.2"}));
  EXPECT_EQ(phrases(axis<std::string>("data.label_noise_to", {"", "cat"})),
            (Texts{"labels become any other class", "labels become cat"}));
  study::Axis augment{.key = "train.augment"};
  augment.values = {{std::vector<Value>{}}, {std::vector<Value>{{"shift 2"}, {"rotate 10"}}}};
  EXPECT_EQ(phrases(augment), (Texts{"no augmentation", "augmentation by shift 2 and rotate 10"}));
}

// What the budget is said to be, with one change to a study whose arms differ in images.
std::string budget(void (*change)(study::Study&)) {
  study::Study study = made_up_study();
  study.axes = {axis<Int>("data.size", {100, 1000})};
  change(study);
  return budget_text(study);
}

TEST(Labels, BudgetOfSteps) {
  EXPECT_EQ(budget([](study::Study& study) {
              study.base.train.budget = study::Budget::steps;
              study.base.train.steps = 2000;
            }),
            "All arms train for equal steps (2,000), not equal epochs: more images mean fewer epochs.");
  EXPECT_EQ(budget([](study::Study& study) {
              study.base.train.budget = study::Budget::steps;
              study.base.train.steps = 2000;
              study.axes.clear();
            }),
            "All arms train for equal steps (2,000).");
  EXPECT_EQ(budget([](study::Study& study) {
              study.axes.push_back(axis<std::string>("train.budget", {"epochs", "steps"}));
            }),
            "The budget is an axis: equal epochs, or equal steps.");
}

TEST(Labels, BudgetOfASweptNumber) {
  EXPECT_EQ(
      budget([](study::Study& study) {
        study.axes.push_back(axis<Int>("train.epochs", {3, 10}));
      }),
      "Arms are compared at equal epochs (an axis), not equal steps: more images mean more training steps.");
  EXPECT_EQ(budget([](study::Study& study) { study.axes = {axis<Int>("train.epochs", {7})}; }),
            "All arms train for equal epochs (7).");
  EXPECT_EQ(
      budget([](study::Study& study) {
        study.axes = {axis<Int>("train.batch_size", {16, 64})};
      }),
      "All arms train for equal epochs (3), not equal steps: smaller batches mean more training steps.");
}

TEST(Labels, BudgetWithEarlyStoppingIsAnUpperBound) {
  EXPECT_EQ(budget([](study::Study& study) {
              study.base.train.early_stopping = 2;
              study.base.train.epochs = 50;
            }),
            "All arms train for at most 50 epochs and may stop early by their validation loss: neither "
            "epochs nor steps need be equal.");
  EXPECT_EQ(budget([](study::Study& study) {
              study.axes.push_back(axis<Int>("train.early_stopping", {0, 2}));
            }).substr(0, 36),
            "All arms train for at most 3 epochs ");
}

// The same number of images, changed anew in every epoch.
TEST(Labels, BudgetWithAugmentationWhileTraining) {
  EXPECT_EQ(budget([](study::Study& study) {
              study::Axis augment{.key = "train.augment"};
              augment.values = {{std::vector<Value>{}}, {std::vector<Value>{{"shift 2"}}}};
              study.axes = {augment};
            }),
            "All arms train for equal epochs (3).");
}

TEST(Labels, Training) {
  study::Study study = made_up_study();
  EXPECT_EQ(training_text(study), "3 epochs, batches of 64, sgd, learning rate 0.01, momentum 0");
  study.base.train.optimizer = study::OptimizerKind::adam;
  study.base.train.schedule = study::Schedule::cosine;
  study.base.train.weight_decay = 0.001;
  study.base.train.augment = {"shift 2", "rotate 10"};
  study.base.train.early_stopping = 1;
  study.axes = {axis<Int>("train.epochs", {20})};
  EXPECT_EQ(training_text(study),
            "20 epochs, batches of 64, adam, learning rate 0.01, schedule cosine, weight decay 0.001, "
            "augmented by shift 2 and rotate 10, stopped after 1 epoch without a better validation loss");
}

TEST(Labels, MostConfusedPairs) {
  const std::vector<std::uint64_t> confusion = {5, 12, 0, 1200, 5, 12, 0, 3, 5};
  const std::vector<std::string> names = {"cat", "dog", "cow"};
  EXPECT_EQ(confused_text(confusion, names, 3), "dog as cat (1,200), cat as dog (12), dog as cow (12)");
  EXPECT_EQ(confused_text(confusion, names, 9).substr(52), ", cow as dog (3)");
  EXPECT_EQ(confused_text(std::vector<std::uint64_t>{1, 0, 0, 1}, std::vector<std::string>{"a", "b"}, 5), "");
}

}  // namespace
}  // namespace titrate::report
