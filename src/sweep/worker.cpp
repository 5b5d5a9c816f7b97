#include "titrate/sweep/worker.hpp"

#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate::sweep {
namespace {

// Trials shorter than this are not told of before they are done.
constexpr auto kTellInterval = std::chrono::seconds(1);

}  // namespace

// Of one trial.
class Worker::Observer final : public train::TrialObserver {
 public:
  Observer(Worker& worker, const DispatchClient& client, const std::string& id, bool leads)
      : worker_(worker), client_(client), id_(id), leads_(leads) {}

  void at(const char* site) override { worker_.watchdog_.enter(site); }
  void alive() override { worker_.watchdog_.progress(); }
  void stepped(const train::TrialPosition& position) override {
    worker_.watchdog_.step(position.step);
    if (!leads_) return;
    if (!first_step_) first_step_ = position.step - 1;
    worker_.tell(client_, {.trial = id_,
                           .step = position.step,
                           .total_steps = position.total_steps,
                           .first_step = *first_step_,
                           .epochs = position.epochs,
                           .train_loss = position.train_loss,
                           .validation_loss = position.validation_loss});
  }
  bool wants_stop() override { return worker_.watchdog_.stop_requested(); }
  void warn(const std::string& message) override { worker_.log_.warn("trial " + id_ + ": " + message); }

 private:
  Worker& worker_;
  const DispatchClient& client_;
  const std::string& id_;
  bool leads_;
  std::optional<std::uint64_t> first_step_{};  // of this run
};

Worker::Worker(const Workplace& workplace, const std::vector<study::Trial>& trials,
               const comm::Device& device, comm::Watchdog& watchdog, const Log& log)
    : workplace_(workplace), device_(device), watchdog_(watchdog), log_(log) {
  for (const study::Trial& trial : trials) trials_[trial.id] = &trial;
}

void Worker::run(const comm::Communicator& channel, std::uint32_t attempt, std::optional<WorkGroup> group) {
  workplace_.files.attempt = attempt;
  world_rank_ = channel.rank();
  journal_.emplace(workplace_.files.run_folder, attempt, world_rank_);
  const DispatchClient client(channel);
  if (group) work_off(client, &*group);
  group.reset();
  work_off(client, nullptr);
  journal_.reset();
}

void Worker::work_off(const DispatchClient& client, WorkGroup* group) {
  for (;;) {
    const std::vector<std::string> list = next_trials(client, group);
    if (list.empty()) return;
    try {
      for (const std::string& id : list) run_one(id, client, group);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::stopped) throw;
      watchdog_.end_trial();
    }
  }
}

std::vector<std::string> Worker::next_trials(const DispatchClient& client, WorkGroup* group) {
  watchdog_.idle("wait_for_work");
  if (group == nullptr) return client.request(1);
  const comm::Communicator& ranks = group->communicator;
  return split(ranks.broadcast(ranks.rank() == 0 ? join(client.request(ranks.size()), ",") : "", 0), ',');
}

void Worker::run_one(const std::string& id, const DispatchClient& client, WorkGroup* group) {
  const study::Trial& trial = *trials_.at(id);
  const train::Group ranks =
      group == nullptr ? train::Group{.device = device_} : view(*group, device_, trial.settings.train);
  const bool leads = ranks.rank() == 0;
  watchdog_.begin_trial(id, leads, static_cast<int>(ranks.size()));
  Observer observer(*this, client, id, leads);
  study::TrialRecord record = run_trial(trial, ranks, workplace_, &observer);
  record.timing.world_rank = world_rank_;
  if (leads) keep(record, client);
  watchdog_.end_trial();
}

// Into the journal first: what rank 0 is told of is never lost.
void Worker::keep(const study::TrialRecord& record, const DispatchClient& client) {
  const std::string json = to_json(record);
  watchdog_.enter("journal");
  {
    const auto no_end_now = watchdog_.writing();
    journal_->append(json);
  }
  remove_checkpoints(record, workplace_.files);
  watchdog_.enter("deliver");
  client.deliver(json);
  told_ = std::chrono::steady_clock::now();
  watchdog_.enter("delivered");
}

void Worker::tell(const DispatchClient& client, const study::TrialProgress& activity) {
  const auto now = std::chrono::steady_clock::now();
  if (now - told_ < kTellInterval) return;
  told_ = now;
  client.tell(activity);
}

}  // namespace titrate::sweep
