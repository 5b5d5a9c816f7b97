#include "worker.hpp"

#include "titrate/comm/rank.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"
#include "titrate/study/journal.hpp"

namespace titrate::dispatch {
namespace {

// Jobs shorter than this send no progress.
constexpr auto kTellInterval = std::chrono::seconds(1);

}  // namespace

// Of one job.
class Worker::Observer final : public JobObserver {
 public:
  Observer(Worker& worker, const std::string& id, bool leads) : worker_(worker), id_(id), leads_(leads) {}

  void at(const char* site) override { watchdog().enter(site); }
  void alive() override { watchdog().progress(); }
  void stepped(const train::TrialPosition& position) override {
    watchdog().step(position.step);
    if (!leads_) return;
    if (!first_step_) first_step_ = position.step - 1;
    worker_.tell({.trial = id_,
                  .step = position.step,
                  .total_steps = position.total_steps,
                  .first_step = *first_step_,
                  .epochs = position.epochs,
                  .train_loss = position.train_loss,
                  .validation_loss = position.validation_loss});
  }
  bool wants_stop() override { return watchdog().stop_requested(); }
  void warn(const std::string& message) override { worker_.context_.log.warn(name() + ": " + message); }
  void keep(const std::string& record) override {
    watchdog().enter("journal");
    const auto no_end_now = watchdog().writing();
    worker_.append(record);
    record_ = record;
  }

  // What was kept.
  const std::string& record() const {
    if (!record_) throw Error({.code = ErrorCode::internal, .where = name(), .what = "it has no record"});
    return *record_;
  }

 private:
  std::string name() const { return worker_.info_.noun + " " + id_; }
  comm::Watchdog& watchdog() const { return worker_.context_.watchdog; }

  Worker& worker_;
  const std::string& id_;
  bool leads_;
  std::optional<std::uint64_t> first_step_{};  // of this run
  std::optional<std::string> record_{};
};

Worker::Worker(const RunContext& context, const comm::Communicator& channel, const RunInfo& info, Jobs& jobs)
    : context_(context), info_(info), jobs_(jobs), world_rank_(channel.rank()), client_(channel) {}

void Worker::run(std::optional<WorkGroup> group) {
  if (group) work_off(*group);
  group.reset();
  WorkGroup alone{.device = comm::at(info_.ranks, world_rank_).device};
  work_off(alone);
}

void Worker::work_off(WorkGroup& group) {
  for (;;) {
    const std::vector<std::string> list = next_jobs(group);
    if (list.empty()) return;
    try {
      for (const std::string& id : list) run_one(id, group);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::stopped) throw;
      context_.watchdog.end_trial();
    }
  }
}

std::vector<std::string> Worker::next_jobs(const WorkGroup& group) {
  context_.watchdog.idle("wait_for_work");
  if (!group.communicator) return client_.request(1);
  return split(
      group.communicator->broadcast(group.is_led_here() ? join(client_.request(group.width()), ",") : "", 0),
      ',');
}

// The record goes into the journal first: what rank 0 is told of is never lost.
void Worker::run_one(const std::string& id, WorkGroup& group) {
  const bool leads = group.is_led_here();
  context_.watchdog.begin_trial(id, leads, group.width());
  Observer observer(*this, id, leads);
  jobs_.run(id, group, observer);
  if (leads) {
    context_.watchdog.enter("deliver");
    client_.deliver(id, observer.record());
    told_ = std::chrono::steady_clock::now();
    context_.watchdog.enter("delivered");
  }
  context_.watchdog.end_trial();
}

void Worker::append(const std::string& record) {
  if (!journal_) journal_.emplace(study::journal_file(info_.run_folder, info_.attempt, world_rank_));
  journal_->append(record);
}

void Worker::tell(const study::TrialProgress& progress) {
  const auto now = std::chrono::steady_clock::now();
  if (now - told_ < kTellInterval) return;
  told_ = now;
  client_.tell(progress);
}

}  // namespace titrate::dispatch
