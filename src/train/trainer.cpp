#include "titrate/train/trainer.hpp"

#include <chrono>
#include <cmath>
#include <cstring>

#include "titrate/core/error.hpp"
#include "titrate/data/schedule.hpp"
#include "titrate/train/model.hpp"

namespace titrate::train {
namespace {

// Test images are computed in chunks of this many, whoever computes them: a chunk's numbers do not depend on
// the group.
constexpr std::size_t kEvaluationChunk = 250;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Puts the other ranks' chunks beside ours.
void share_predictions(const Group& group, std::vector<Prediction>& predictions) {
  const std::string_view mine(reinterpret_cast<const char*>(predictions.data()),
                              predictions.size() * sizeof(Prediction));
  const std::vector<std::string> all = group.communicator->all_gather(mine);
  for (std::size_t start = 0, chunk = 0; start < predictions.size(); start += kEvaluationChunk, ++chunk) {
    const std::size_t count = std::min(kEvaluationChunk, predictions.size() - start);
    std::memcpy(&predictions[start], all[chunk % group.size()].data() + start * sizeof(Prediction),
                count * sizeof(Prediction));
  }
}

Tally evaluate(Engine& engine, const data::Dataset& dataset, std::span<const std::uint32_t> rows,
               const data::Pipeline& pipeline, const Group& group) {
  std::vector<Prediction> predictions(rows.size());
  for (std::size_t start = 0, chunk = 0; start < rows.size(); start += kEvaluationChunk, ++chunk) {
    if (chunk % group.size() != group.rank()) continue;
    const std::size_t count = std::min(kEvaluationChunk, rows.size() - start);
    engine.evaluate(rows.subspan(start, count), pipeline, std::span(predictions).subspan(start, count));
  }
  if (group.size() > 1) share_predictions(group, predictions);
  std::vector<std::int32_t> truth;
  for (std::uint32_t row : rows) truth.push_back(dataset.catalog().label[row]);
  return tally(truth, predictions, dataset.catalog().classes);
}

std::unique_ptr<Engine> make_engine(const data::Dataset& dataset, const TrialSetup& setup, const Group& group,
                                    const EngineLibrary& engines) {
  const std::vector<float> initial = initial_parameters(net::parameter_layout(setup.network), setup.seed);
  return engines.make({.dataset = &dataset,
                       .network = setup.network,
                       .train = setup.train,
                       .seed = setup.seed,
                       .initial_parameters = initial,
                       .device = group.device,
                       .exchange = group.exchange});
}

std::vector<std::uint32_t> test_rows(const data::Dataset& dataset) {
  std::vector<std::uint32_t> rows = dataset.rows_of(data::Split::test);
  if (rows.empty()) {
    throw Error({.code = ErrorCode::usage,
                 .where = dataset.manifest().name,
                 .what = "the dataset has no test images"});
  }
  return rows;
}

// Trains on every batch of one epoch.
EpochSums run_epoch(Engine& engine, std::span<const std::uint32_t> rows, const TrialSetup& setup,
                    std::uint32_t epoch, const data::Pipeline& pipeline) {
  const std::vector<std::uint32_t> order = data::epoch_order(rows, setup.seed, epoch);
  for (std::size_t start = 0; start < order.size(); start += setup.train.batch_size) {
    const std::size_t count = std::min<std::size_t>(setup.train.batch_size, order.size() - start);
    engine.train_step(std::span(order).subspan(start, count), epoch, pipeline);
  }
  return engine.finish_epoch();
}

}  // namespace

TrialOutcome train_trial(const data::Dataset& dataset, const TrialSetup& setup, const Group& group,
                         const EngineLibrary& engines) {
  const data::Selection selection = data::select(dataset, setup.selection);
  const std::vector<std::uint32_t> training = selection.training(), test = test_rows(dataset);
  const data::Pipeline pipeline = data::make_pipeline(dataset.manifest(), setup.train_noise, setup.seed);
  const std::unique_ptr<Engine> engine = make_engine(dataset, setup, group, engines);

  TrialOutcome outcome{.train_images = training.size()};
  auto start = std::chrono::steady_clock::now();
  for (std::uint32_t epoch = 0; epoch < setup.train.epochs; ++epoch) {
    const EpochSums sums = run_epoch(*engine, training, setup, epoch, pipeline);
    outcome.steps += data::batches_per_epoch(training.size(), setup.train.batch_size);
    const auto images = static_cast<double>(sums.images);
    EpochRecord record{.train_loss = sums.loss / images,
                       .train_accuracy = static_cast<double>(sums.correct) / images};
    if (!std::isfinite(record.train_loss)) {
      outcome.diverged = true;
      return outcome;
    }
    if (!selection.validation.empty()) {
      const Tally validation = evaluate(*engine, dataset, selection.validation, pipeline, group);
      record.validation_loss = validation.mean_loss();
      record.validation_accuracy = validation.accuracy();
    }
    outcome.epochs.push_back(record);
  }
  outcome.train_seconds = seconds_since(start);
  start = std::chrono::steady_clock::now();
  for (const image::Noise& noise : setup.conditions) {
    const data::Pipeline test_pipeline = data::make_pipeline(dataset.manifest(), noise, setup.seed);
    outcome.conditions.push_back({noise, evaluate(*engine, dataset, test, test_pipeline, group)});
    // The last step may have been the one too many.
    outcome.diverged = outcome.diverged || !std::isfinite(outcome.conditions.back().tally.loss_sum);
  }
  if (outcome.diverged) outcome.conditions.clear();
  outcome.test_seconds = seconds_since(start);
  return outcome;
}

}  // namespace titrate::train
