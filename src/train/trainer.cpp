#include "titrate/train/trainer.hpp"

#include <chrono>
#include <cmath>

#include "titrate/comm/agreement.hpp"
#include "titrate/core/error.hpp"
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
                                    const EngineLibrary& engine_library) {
  return engine_library.make(
      {.dataset = &dataset,
       .network = setup.network,
       .train = setup.train,
       .seed = setup.seed,
       .initial = initial_model(net::parameter_layout(setup.network), setup.train.initial, setup.seed),
       .class_weights = prepared.class_weights,
       .device = group.device,
       .exchange = group.exchange});
}

// Steps between two agreements on a stop. An agreement takes about as long as a small sum, which one in eight
// steps hardly feels. Eight steps end long before a launcher loses its patience.
constexpr std::uint64_t kStepsToAgreement = 8;

// The way of one trial through its epochs.
class Run {
 public:
  Run(const data::Dataset& dataset, const TrialSetup& setup, const Group& group,
      const EngineLibrary& engine_library, const TrialHooks& hooks)
      : dataset_(dataset), setup_(setup), group_(group), engine_library_(engine_library), hooks_(hooks) {}

  TrainedTrial finish() {
    begin();
    go_on_from_checkpoint();
    while (!trained_ && !diverged_) run_epoch();
    TrainedTrial result{.outcome = {.train_images = prepared_.training.size(),
                                    .steps = progress_.step,
                                    .best_epoch = progress_.watch.best_epoch,
                                    .epochs = progress_.epochs,
                                    .train_seconds = progress_.train_seconds + seconds_since(start_)},
                        .standardisation = prepared_.validation_pipeline.standardisation};
    if (!diverged_) test(result);
    result.outcome.diverged = diverged_;
    together(group_, [&] { result.model = engine_->model(); });
    return result;
  }

 private:
  void enter(const char* site) const {
    if (hooks_.observer != nullptr) hooks_.observer->at(site);
  }

  void begin() {
    together(group_, [&] {
      enter("prepare");
      prepared_ = prepare(dataset_, setup_);
      enter("make_engine");
      engine_ = make_engine(dataset_, setup_, prepared_, group_, engine_library_);
    });
    start_ = Clock::now();
  }

  void go_on_from_checkpoint() {
    std::string bytes;
    together(group_, [&] {
      enter("read_checkpoint");
      if (hooks_.checkpoints != nullptr && group_.rank() == 0) bytes = hooks_.checkpoints->newest();
    });
    if (group_.size() > 1) bytes = group_.communicator->broadcast(bytes, 0);
    together(group_, [&] {
      if (!bytes.empty()) restore(hooks_.checkpoints->decode(bytes));
      enter("first_step");
    });
  }

  void restore(Checkpoint checkpoint) {
    engine_->restore(checkpoint.engine);
    progress_ = std::move(checkpoint.progress);
    trained_ = progress_.batch == 0 && at_the_end();
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
      save_due_checkpoint(false);
      tell_position();
      if (group_.size() == 1 || progress_.step % kStepsToAgreement == 0) stop_if_wanted();
    }
    close_epoch();
    if (diverged_) return;
    ++progress_.epoch;
    progress_.batch = 0;
    trained_ = at_the_end();
    save_due_checkpoint(true);
    stop_if_wanted();
  }

  void close_epoch() {
    EpochSums sums;
    together(group_, [&] {
      enter("finish_epoch");
      sums = engine_->finish_epoch();
    });
    if (sums.diverged) {
      diverged_ = {*sums.diverged + 1, "training loss"};
      return;
    }
    study::EpochRecord record{
        .train_loss = sums.loss / sums.weight,
        .train_accuracy = static_cast<double>(sums.correct) / static_cast<double>(sums.images),
        .learning_rate = learning_rate(progress_.step - 1)};
    if (!prepared_.validation.empty()) validate(record);
    if (!diverged_) progress_.epochs.push_back(record);
  }

  void validate(study::EpochRecord& record) {
    together(group_, [&] { enter("validate"); });
    const std::vector<study::Prediction> predictions =
        predict_rows(*engine_, prepared_.validation, prepared_.validation_pipeline, group_, hooks_.observer);
    together(group_, [&] { judge(predictions, record); });
  }

  void judge(const std::vector<study::Prediction>& predictions, study::EpochRecord& record) {
    const study::Tally tally =
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
  void save_due_checkpoint(bool epoch_done) {
    if (hooks_.checkpoints == nullptr || group_.rank() != 0 || trained_) return;
    if (hooks_.checkpoints->due(epoch_done, progress_.epoch)) save_checkpoint();
  }

  // A trial goes on where its checkpoint cannot be written. Where another rank failed there is no state to
  // keep.
  void save_checkpoint() {
    try {
      enter("checkpoint");
      Checkpoint checkpoint{.progress = progress_, .engine = engine_->state()};
      checkpoint.progress.train_seconds += seconds_since(start_);
      hooks_.checkpoints->save(checkpoint);
    } catch (const comm::PeerFailure&) {
    } catch (const Error& error) {
      if (error.code() == ErrorCode::no_progress) throw;
      warn(error.what());
    } catch (const std::exception& error) {
      warn(error.what());
    }
  }

  void warn(const std::string& reason) {
    if (!warned_ && hooks_.observer != nullptr)
      hooks_.observer->warn("no checkpoint, the trial goes on without: " + reason);
    warned_ = true;
  }

  void stop_if_wanted() {
    if (hooks_.observer == nullptr) return;
    bool wanted = hooks_.observer->wants_stop();
    if (group_.size() > 1) wanted = group_.communicator->agree(wanted ? 1 : 0) != 0;
    if (!wanted) return;
    if (hooks_.checkpoints != nullptr && group_.rank() == 0) save_checkpoint();
    throw Error({.code = ErrorCode::stopped,
                 .where = "training",
                 .what = "stopped on request after step " + std::to_string(progress_.step),
                 .hint = "the same command goes on from there"});
  }

  void tell_position() const {
    if (hooks_.observer == nullptr) return;
    TrialPosition position{.step = progress_.step,
                           .total_steps = prepared_.total_steps,
                           .epochs = static_cast<std::uint32_t>(progress_.epochs.size())};
    if (!progress_.epochs.empty()) {
      position.train_loss = progress_.epochs.back().train_loss;
      position.validation_loss = progress_.epochs.back().validation_loss;
    }
    hooks_.observer->stepped(position);
  }

  void test(TrainedTrial& result) {
    const auto start = Clock::now();
    std::vector<std::uint32_t> rows;
    together(group_, [&] {
      enter("test");
      if (progress_.best) engine_->set_model(*progress_.best);
      rows = test_rows(dataset_);
    });
    for (const image::Noise& noise : setup_.conditions) {
      stop_if_wanted();
      const data::Pipeline pipeline = test_pipeline(setup_, result.standardisation, noise);
      result.predictions.push_back(predict_rows(*engine_, rows, pipeline, group_, hooks_.observer));
      result.outcome.conditions.push_back(
          {noise, tally_rows(dataset_, rows, pipeline, result.predictions.back())});
      // The test is the first to see a last step that diverged.
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
  const EngineLibrary& engine_library_;
  const TrialHooks& hooks_;
  Preparation prepared_{};
  std::unique_ptr<Engine> engine_{};
  TrialState progress_{};
  std::optional<study::Divergence> diverged_{};
  bool trained_ = false;
  bool warned_ = false;
  Clock::time_point start_ = Clock::now();
};

}  // namespace

TrainedTrial train_trial(const data::Dataset& dataset, const TrialSetup& setup, const Group& group,
                         const EngineLibrary& engine_library, const TrialHooks& hooks) {
  return Run(dataset, setup, group, engine_library, hooks).finish();
}

}  // namespace titrate::train
