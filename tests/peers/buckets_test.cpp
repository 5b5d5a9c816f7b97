// Gradients that travel in buckets beside backward: in which order and when they go, and that the bits are
// those of one call.
#include <ATen/core/Tensor.h>
#include <ATen/ops/add.h>
#include <ATen/ops/sum.h>
#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <limits>
#include <optional>
#include <set>
#include <thread>
#include <tuple>
#include <utility>

#include "gradient_buckets.hpp"
#include "support/make_dataset.hpp"
#include "support/outcome.hpp"
#include "titrate/comm/agreement.hpp"
#include "titrate/net/zoo.hpp"
#include "titrate/train/engine.hpp"
#include "titrate/train/model.hpp"

namespace titrate::engine_torch {
namespace {

// Where sums meet that ranks in threads of this process start together.
class Meeting {
 public:
  explicit Meeting(int width) : parts_(static_cast<std::size_t>(width)), barrier_(width) {}

  std::vector<float> sum(std::size_t rank, std::vector<float> mine) {
    parts_[rank] = std::move(mine);
    barrier_.arrive_and_wait();
    std::vector<float> total = parts_[0];
    for (std::size_t other = 1; other < parts_.size(); ++other) {
      EXPECT_EQ(parts_[other].size(), total.size()) << "the ranks start unlike sums";
      for (std::size_t i = 0; i < std::min(total.size(), parts_[other].size()); ++i)
        total[i] += parts_[other][i];
    }
    barrier_.arrive_and_wait();
    return total;
  }
  int width() const { return static_cast<int>(parts_.size()); }

 private:
  std::vector<std::vector<float>> parts_;
  std::barrier<> barrier_;
};

// What start() was given is spoilt until finish(): whoever starts too early, or adds to it later, loses
// numbers.
class OverlappingExchange final : public comm::Exchange {
 public:
  struct Sum {
    float* data;
    std::size_t count;
    bool first_is_zero;  // when it was started: the number at `watched`
  };

  OverlappingExchange(Meeting& meeting, std::size_t rank) : meeting_(meeting), rank_(rank) {}

  void sum(float* data, std::size_t count) override {
    ++whole_sums_;
    const std::vector<float> total = meeting_.sum(rank_, {data, data + count});
    std::copy(total.begin(), total.end(), data);
  }
  void start(float* data, std::size_t count) override {
    if (stuck_) throw Error({.code = ErrorCode::no_progress, .what = "a rank never came"});
    started_.push_back({data, count, watched_ == nullptr || *watched_ == 0});
    totals_.push_back(meeting_.sum(rank_, {data, data + count}));
    std::fill_n(data, count, std::numeric_limits<float>::quiet_NaN());
  }
  void finish() override {
    for (std::size_t i = 0; i < totals_.size(); ++i)
      std::copy(totals_[i].begin(), totals_[i].end(), started_[i].data);
    totals_.clear();
    finished_ = std::exchange(started_, {});
  }
  bool overlaps() const override { return true; }
  void settle() override { ++settled_; }
  int rank() const override { return static_cast<int>(rank_); }
  int width() const override { return meeting_.width(); }
  std::string name() const override { return "test"; }

  // Of the last step.
  const std::vector<Sum>& finished() const { return finished_; }
  std::vector<std::size_t> counts() const {
    std::vector<std::size_t> counts;
    for (const Sum& sum : finished_) counts.push_back(sum.count);
    return counts;
  }
  int whole_sums() const { return whole_sums_; }
  int settled() const { return settled_; }
  void watch(const float* number) { watched_ = number; }
  void get_stuck() { stuck_ = true; }

 private:
  Meeting& meeting_;
  std::size_t rank_;
  std::vector<Sum> started_{}, finished_{};
  std::vector<std::vector<float>> totals_{};
  const float* watched_ = nullptr;
  int whole_sums_ = 0, settled_ = 0;
  bool stuck_ = false;
};

// Does not overlap: the engine makes one call.
class PlainExchange final : public comm::Exchange {
 public:
  explicit PlainExchange(OverlappingExchange& inner) : inner_(inner) {}
  void sum(float* data, std::size_t count) override { inner_.sum(data, count); }
  int rank() const override { return inner_.rank(); }
  int width() const override { return inner_.width(); }
  std::string name() const override { return "plain"; }

 private:
  OverlappingExchange& inner_;
};

constexpr net::TensorShape kInput{1, 28, 28};

// Some 2.4 million parameters: two buckets of wide layers, and one of the convolution.
net::Network large_network() {
  return net::make_network({"conv 8 5", "batch_norm", "relu", "max_pool 2", "flatten", "dense 1000 l2=0.001",
                            "relu", "dropout 0.3", "dense 1100", "relu", "dense 10"},
                           kInput, 10);
}

// Of classes that there are not: the loss refuses them.
data::Pipeline with_bad_labels(const data::Dataset& dataset, data::Pipeline pipeline) {
  pipeline.labels = std::make_shared<const std::vector<std::int32_t>>(dataset.catalog().label.size(), 1000);
  return pipeline;
}

// A group of engines that train the same steps, each in a thread of its own.
class Group {
 public:
  Group(const net::Network& network, const study::TrainSettings& settings, int width, bool overlap)
      : library_(TITRATE_ENGINE),
        dataset_(test::make_dataset(
            test::random_content({28, 28, 1}, std::vector<test::ClassSize>(10, {.real = 4})))),
        pipeline_(
            data::make_pipeline(dataset_->manifest(), {.kind = image::NoiseKind::gaussian, .level = 0.1}, 3)),
        rows_(dataset_->rows_of(data::Split::train)),
        meeting_(width) {
    const train::Model initial = train::initial_model(net::parameter_layout(network), settings.initial, 3);
    for (std::size_t rank = 0; rank < static_cast<std::size_t>(width); ++rank) {
      exchanges_.push_back(std::make_unique<OverlappingExchange>(meeting_, rank));
      plain_.push_back(std::make_unique<PlainExchange>(*exchanges_.back()));
      comm::Exchange* exchange = exchanges_.back().get();
      if (!overlap) exchange = plain_.back().get();
      engines_.push_back(library_.make({.dataset = &*dataset_,
                                        .network = network,
                                        .train = settings,
                                        .seed = 3,
                                        .initial = initial,
                                        .exchange = exchange}));
    }
  }

  // With labels on `failing` that it cannot train on.
  void train(std::size_t first_row, std::size_t rows, std::optional<std::size_t> failing = {}) {
    const std::span<const std::uint32_t> batch = std::span(rows_).subspan(first_row, rows);
    const train::Step step{steps_++, 0, 0.05};
    const data::Pipeline damaged = with_bad_labels(*dataset_, pipeline_);
    std::vector<std::jthread> ranks;
    for (std::size_t rank = 0; rank < engines_.size(); ++rank) {
      const data::Pipeline& pipeline = rank == failing ? damaged : pipeline_;
      ranks.emplace_back([&, rank] { engines_[rank]->train_step(batch, step, pipeline); });
    }
  }

  // Full batches, and one that has too few rows for two ranks.
  void train_some() {
    train(0, 16);
    train(16, 16);
    train(32, 1);
  }

  train::Engine& engine(std::size_t rank = 0) const { return *engines_[rank]; }
  OverlappingExchange& exchange(std::size_t rank = 0) const { return *exchanges_[rank]; }
  std::span<const std::uint32_t> rows() const { return rows_; }
  const data::Pipeline& pipeline() const { return pipeline_; }

 private:
  train::EngineLibrary library_;
  test::LoadedDataset dataset_;
  data::Pipeline pipeline_;
  std::vector<std::uint32_t> rows_;
  Meeting meeting_;
  std::vector<std::unique_ptr<OverlappingExchange>> exchanges_{};
  std::vector<std::unique_ptr<PlainExchange>> plain_{};
  std::vector<std::unique_ptr<train::Engine>> engines_{};
  std::uint64_t steps_ = 0;
};

study::TrainSettings settings_of(std::uint32_t micro_batches) {
  return {.momentum = 0.9, .clip_norm = 1.0, .micro_batches = micro_batches};
}

void expect_same_state(train::Engine& found, train::Engine& expected) {
  const train::EngineState a = found.state(), b = expected.state();
  EXPECT_EQ(a.model.parameters, b.model.parameters);
  EXPECT_EQ(a.model.running, b.model.running);
  EXPECT_EQ(a.moments, b.moments);
  EXPECT_EQ(a.sums.loss, b.sums.loss);
  EXPECT_EQ(a.sums.correct, b.sums.correct);
  EXPECT_GT(a.sums.loss, 0);
}

// Alone or with others, in buckets or in one call.
class Failing : public testing::TestWithParam<std::tuple<int, bool>> {};

TEST_P(Failing, TakesPartToTheEndOfTheEpoch) {
  const auto [width, overlap] = GetParam();
  const auto last = static_cast<std::size_t>(width) - 1;
  Group group(large_network(), settings_of(static_cast<std::uint32_t>(width)), width, overlap);
  group.train(0, 16);
  const std::vector<std::size_t> order = group.exchange().counts();
  group.train(16, 16, last);
  EXPECT_EQ(group.exchange().counts(), order);
  group.train(0, 16);
  EXPECT_EQ(group.exchange().counts(), order);
  for (std::size_t rank = 0; rank <= last; ++rank) {
    for (const auto& look : {+[](train::Engine& engine) { static_cast<void>(engine.state()); },
                             +[](train::Engine& engine) { static_cast<void>(engine.finish_epoch()); }}) {
      if (rank == last) {
        EXPECT_THROW(look(group.engine(rank)), c10::Error);  // its own
      } else {
        EXPECT_THROW(look(group.engine(rank)), comm::PeerFailure);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Widths, Failing, testing::Combine(testing::Values(1, 2), testing::Bool()));

TEST(FailingAlone, IsThrownAtOnce) {
  train::EngineLibrary library(TITRATE_ENGINE);
  const test::LoadedDataset dataset = test::make_dataset(test::random_content({28, 28, 1}, {{.real = 4}}));
  const net::Network network = net::make_network(std::vector<std::string>{"flatten", "dense 1"}, kInput, 1);
  const auto engine =
      library.make({.dataset = &*dataset,
                    .network = network,
                    .initial = train::initial_model(net::parameter_layout(network), study::Initial::he, 3)});
  const data::Pipeline damaged = with_bad_labels(*dataset, data::make_pipeline(dataset->manifest(), {}, 3));
  const std::vector<std::uint32_t> rows = dataset->rows_of(data::Split::train);
  EXPECT_THROW(engine->train_step(rows, {.learning_rate = 0.05}, damaged), c10::Error);
}

class SameBits : public testing::TestWithParam<int> {};

TEST_P(SameBits, AsOneCall) {
  const auto settings = settings_of(static_cast<std::uint32_t>(GetParam()));
  Group buckets(large_network(), settings, GetParam(), true);
  Group whole(large_network(), settings, GetParam(), false);
  buckets.train_some();
  whole.train_some();
  EXPECT_EQ(buckets.exchange().whole_sums(), 0);
  EXPECT_EQ(whole.exchange().whole_sums(), 3);
  for (std::size_t rank = 0; rank < static_cast<std::size_t>(GetParam()); ++rank)
    expect_same_state(buckets.engine(rank), whole.engine(rank));
}

INSTANTIATE_TEST_SUITE_P(Widths, SameBits, testing::Values(1, 2));

TEST(Buckets, GoFromTheEndAndCoverTheBufferOnce) {
  Group group(large_network(), settings_of(1), 1, true);
  group.train(0, 16);
  const std::vector<OverlappingExchange::Sum>& sums = group.exchange().finished();
  ASSERT_EQ(sums.size(), 4u);
  const net::ParameterLayout layout = net::parameter_layout(large_network());
  const float* const start = sums[2].data;
  EXPECT_EQ(sums[0].data + sums[0].count, start + layout.floats);
  EXPECT_EQ(sums[1].data + sums[1].count, sums[0].data);
  EXPECT_EQ(sums[2].data + sums[2].count, sums[1].data);
  EXPECT_EQ(sums[3].data, start + layout.floats);
  EXPECT_EQ(sums[3].count, layout.running_floats + ModelTensors::kTail);
}

TEST(Buckets, LeaveBeforeTheFirstLayerHasItsGradients) {
  Group group(large_network(), settings_of(1), 1, true);
  group.train(0, 16);
  group.exchange().watch(group.exchange().finished()[2].data);
  group.train(16, 16);
  const std::vector<OverlappingExchange::Sum>& sums = group.exchange().finished();
  EXPECT_TRUE(sums[0].first_is_zero);
  EXPECT_TRUE(sums[1].first_is_zero);
  EXPECT_FALSE(sums[2].first_is_zero);
}

TEST(Buckets, ARankWithoutImagesStartsTheSameSums) {
  Group group(large_network(), settings_of(2), 2, true);
  group.train(0, 1);
  EXPECT_EQ(group.exchange(0).counts().size(), 4u);
  EXPECT_EQ(group.exchange(0).counts(), group.exchange(1).counts());
}

TEST(Buckets, AreNotMadeWhereNothingIsGained) {
  const net::Network small = net::make_network("simple-cnn", kInput, 10);
  Group one_call(small, settings_of(1), 1, true);
  one_call.train(0, 16);
  EXPECT_EQ(one_call.exchange().whole_sums(), 1);
  Group several_parts(large_network(), settings_of(2), 1, true);
  several_parts.train(0, 16);
  EXPECT_EQ(several_parts.exchange().whole_sums(), 1);
}

// Backward of a loss of which these parameters are all that counts.
void backward_of(const std::vector<at::Tensor>& leaves, const std::set<std::size_t>& used) {
  at::Tensor loss;
  for (const std::size_t leaf : used) {
    const at::Tensor term = leaves.at(leaf).sum();
    loss = loss.defined() ? at::add(loss, term) : term;
  }
  if (loss.defined()) loss.backward();
}

TEST(Buckets, KeepTheirOrderWhereAParameterGetsNoGradient) {
  Meeting meeting(1);
  OverlappingExchange exchange(meeting, 0);
  const net::Network network = large_network();
  const train::Model initial =
      train::initial_model(net::parameter_layout(network), study::Initial::pytorch, 3);
  ModelTensors tensors(network, initial, c10::Device(c10::kCPU));
  const std::vector<at::Tensor>& leaves = tensors.leaves();
  GradientBuckets buckets(tensors, exchange);
  std::vector<std::size_t> order;
  for (const std::set<std::size_t>& used :
       std::vector<std::set<std::size_t>>{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {0, 1, 2, 3, 9}, {}}) {
    tensors.exchanged().zero_();
    buckets.begin();
    backward_of(leaves, used);
    buckets.finish();
    if (order.empty()) order = exchange.counts();
    EXPECT_EQ(exchange.counts(), order);
    for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) {
      const at::Tensor gradient = leaves[leaf].grad();
      const double expected = used.contains(leaf) ? static_cast<double>(gradient.numel()) : 0;
      EXPECT_EQ(gradient.sum().item<double>(), expected) << "of parameter " << leaf;
    }
  }
}

TEST(Buckets, LetAnErrorThroughThatCameInTheMiddleOfBackward) {
  Group group(large_network(), settings_of(1), 1, true);
  group.exchange().get_stuck();
  const Outcome seen = outcome(
      [&] { group.engine().train_step(group.rows().first(16), {.learning_rate = 0.05}, group.pipeline()); });
  EXPECT_EQ(seen.code, ErrorCode::no_progress);
  EXPECT_NE(seen.message.find("a rank never came"), std::string::npos) << seen.message;
}

TEST(Settling, ComesBeforeEveryWaitForTheDevice) {
  Group group(large_network(), settings_of(1), 1, true);
  train::Engine& engine = group.engine();
  group.train(0, 16);
  const auto settles = [&](const auto& act) {
    const int before = group.exchange().settled();
    act();
    return group.exchange().settled() > before;
  };
  std::vector<study::Prediction> predictions(4);
  const std::vector<float> image(kInput.values());
  const train::EngineState state = engine.state();
  EXPECT_TRUE(settles([&] { engine.model(); }));
  EXPECT_TRUE(settles([&] { engine.gradients(); }));
  EXPECT_TRUE(settles([&] { engine.state(); }));
  EXPECT_TRUE(settles([&] { engine.finish_epoch(); }));
  EXPECT_TRUE(settles([&] { engine.evaluate(group.rows().first(4), group.pipeline(), predictions); }));
  EXPECT_TRUE(settles([&] { engine.logits(image); }));
  EXPECT_TRUE(settles([&] { engine.set_model(state.model); }));
  EXPECT_TRUE(settles([&] { engine.restore(state); }));
  EXPECT_TRUE(settles([&] { group.train(16, 16); }));
}

}  // namespace
}  // namespace titrate::engine_torch
