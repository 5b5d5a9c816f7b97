#include "titrate/train/trainer.hpp"

#include <chrono>
#include <cmath>

#include "titrate/data/schedule.hpp"
#include "titrate/train/checkpoint.hpp"
#include "titrate/train/evaluation.hpp"
#include "titrate/train/model.hpp"
#include "titrate/train/preparation.hpp"

namespace titrate::train {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::unique_ptr<Engine> make_engine(const data::Dataset& dataset, const TrialSetup& setup,
                                    const Preparation& prepared, const Group& group,
                                    const EngineLibrary& engines) {
  return engines.make(
      {.dataset = &dataset,
       .network = setup.network,
       .train = setup.train,
       .seed = setup.seed,
       .initial = initial_model(net::parameter_layout(setup.network), setup.train.initial, setup.seed),
       .class_weights = prepared.class_weights,
       .device = group.device,
       .exchange = group.exchange});
}

// The way of one trial through its epochs.
class Run {
 public:
  Run(const data::Dataset& dataset, const TrialSetup& setup, const Group& group, const EngineLibrary& engines,
      const TrialHooks& hooks)
      : dataset_(dataset),
        setup_(setup),
        group_(group),
        prepared_(prepare(dataset, setup)),
        engine_(make_engine(dataset, setup, prepared_, group, engines)),
        hooks_(hooks) {}

  TrainedTrial finish() {
    go_on_from_checkpoint();
    while (!trained_ && !diverged_) run_epoch();
    if (progress_.best && !diverged_) engine_->set_model(*progress_.best);
    TrainedTrial result{.outcome = {.train_images = prepared_.training.size(),
                                    .steps = progress_.step,
                                    .best_epoch = progress_.watch.best_epoch,
                                    .epochs = progress_.epochs,
                                    .train_seconds = progress_.train_seconds + seconds_since(start_)},
                        .standardisation = prepared_.validation_pipeline.standardisation};
    if (!diverged_) test(result);
    result.outcome.diverged = diverged_;
    result.model = engine_->model();
    return result;
  }

 private:
  void go_on_from_checkpoint() {
    if (hooks_.checkpoints == nullptr) return;
    std::string bytes = group_.rank() == 0 ? hooks_.checkpoints->newest() : std::string();
    if (group_.size() > 1) bytes = group_.communicator->broadcast(bytes, 0);
    if (bytes.empty()) return;
    Checkpoint checkpoint = hooks_.checkpoints->decode(bytes);
    engine_->restore(checkpoint.engine);
    progress_ = std::move(checkpoint.progress);
  }

  bool at_the_end() const {
    return progress_.step >= prepared_.total_steps || progress_.watch.stops(setup_.train);
  }

  // Of a step of the epoch that is under way.
  double learning_rate(std::uint64_t step) const {
    const Place place{.step = step, .total_steps = prepared_.total_steps, .epoch = progress_.epoch};
    return progress_.watch.plateau.scale * scheduled_rate(setup_.train, place);
  }

  // What is left of an epoch, and what its validation says.
  void run_epoch() {
    const std::vector<std::uint32_t> order =
        data::epoch_order(prepared_.training, setup_.seed, progress_.epoch);
    while (progress_.batch < prepared_.batches_per_epoch && progress_.step < prepared_.total_steps) {
      const std::size_t start = progress_.batch * setup_.train.batch_size;
      const std::size_t count = std::min<std::size_t>(setup_.train.batch_size, order.size() - start);
      engine_->train_step(std::span(order).subspan(start, count),
                          {.number = progress_.step,
                           .epoch = progress_.epoch,
                           .learning_rate = learning_rate(progress_.step)},
                          prepared_.training_pipeline);
      ++progress_.step;
      ++progress_.batch;
      save_checkpoint(false);
      tell_position();
    }
    close_epoch();
    if (diverged_) return;
    ++progress_.epoch;
    progress_.batch = 0;
    trained_ = at_the_end();
    save_checkpoint(true);
  }

  void close_epoch() {
    const EpochSums sums = engine_->finish_epoch();
    if (sums.diverged) {
      diverged_ = {*sums.diverged + 1, "training loss"};
      return;
    }
    EpochRecord record{.train_loss = sums.loss / sums.weight,
                       .train_accuracy = static_cast<double>(sums.correct) / static_cast<double>(sums.images),
                       .learning_rate = learning_rate(progress_.step - 1)};
    if (!prepared_.validation.empty()) validate(record);
    if (!diverged_) progress_.epochs.push_back(record);
  }

  void validate(EpochRecord& record) {
    const std::vector<Prediction> predictions =
        predict_rows(*engine_, prepared_.validation, prepared_.validation_pipeline, group_);
    const Tally tally =
        tally_rows(dataset_, prepared_.validation, prepared_.validation_pipeline, predictions);
    record.validation_loss = tally.mean_loss();
    record.validation_accuracy = tally.accuracy();
    if (!std::isfinite(tally.mean_loss())) {
      diverged_ = {progress_.step, "validation loss"};
      return;
    }
    const bool best = progress_.watch.update(tally.mean_loss(), progress_.epoch + 1, setup_.train);
    if (best && setup_.train.best_weights) progress_.best = engine_->model();
  }

  // All ranks are at the same step; the one that writes decides when.
  void save_checkpoint(bool epoch_done) {
    if (hooks_.checkpoints == nullptr || group_.rank() != 0 || trained_) return;
    if (!hooks_.checkpoints->due(epoch_done, progress_.epoch)) return;
    Checkpoint checkpoint{.progress = progress_, .engine = engine_->state()};
    checkpoint.progress.train_seconds += seconds_since(start_);
    hooks_.checkpoints->save(checkpoint);
  }

  void tell_position() const {
    if (!hooks_.on_step || group_.rank() != 0) return;
    TrialPosition position{.step = progress_.step,
                           .total_steps = prepared_.total_steps,
                           .epochs = static_cast<std::uint32_t>(progress_.epochs.size())};
    if (!progress_.epochs.empty()) {
      position.train_loss = progress_.epochs.back().train_loss;
      position.validation_loss = progress_.epochs.back().validation_loss;
    }
    hooks_.on_step(position);
  }

  void test(TrainedTrial& result) {
    const auto start = Clock::now();
    const std::vector<std::uint32_t> rows = test_rows(dataset_);
    for (const image::Noise& noise : setup_.conditions) {
      const data::Pipeline pipeline = test_pipeline(setup_, result.standardisation, noise);
      result.predictions.push_back(predict_rows(*engine_, rows, pipeline, group_));
      result.outcome.conditions.push_back(
          {noise, tally_rows(dataset_, rows, pipeline, result.predictions.back())});
      // The last step may have been the one too many.
      if (!std::isfinite(result.outcome.conditions.back().tally.loss_sum))
        diverged_ = {progress_.step, "test loss"};
    }
    if (diverged_) {
      result.outcome.conditions.clear();
      result.predictions.clear();
    }
    result.outcome.test_seconds = seconds_since(start);
  }

  const data::Dataset& dataset_;
  const TrialSetup& setup_;
  const Group& group_;
  Preparation prepared_;
  std::unique_ptr<Engine> engine_;
  const TrialHooks& hooks_;
  TrialProgress progress_{};
  std::optional<Divergence> diverged_{};
  bool trained_ = false;
  Clock::time_point start_ = Clock::now();
};

}  // namespace

TrainedTrial train_trial(const data::Dataset& dataset, const TrialSetup& setup, const Group& group,
                         const EngineLibrary& engines, const TrialHooks& hooks) {
  return Run(dataset, setup, group, engines, hooks).finish();
}

}  // namespace titrate::train
