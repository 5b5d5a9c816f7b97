#include "titrate/sweep/runner.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "titrate/comm/agreement.hpp"
#include "titrate/comm/mpi_exchange.hpp"
#include "titrate/comm/nccl_exchange.hpp"
#include "titrate/comm/node_buffer.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/progress.hpp"
#include "titrate/core/text.hpp"
#include "titrate/sweep/dispatcher.hpp"
#include "titrate/sweep/journal.hpp"
#include "titrate/sweep/plan.hpp"

namespace titrate::sweep {
namespace {

// A dying run holds the folder for a moment after its mpirun is gone.
constexpr double kLockWaitSeconds = 10.0;

// Runs `body` on rank 0 alone; what it throws, all throw.
void on_root(const comm::Communicator& world, const std::function<void()>& body) {
  comm::together(world, [&] {
    if (world.rank() == 0) body();
  });
}

// The study as rank 0 reads it, on every rank.
Study share_study(const SweepOptions& options, const comm::Communicator& world) {
  std::string text;
  on_root(world, [&] {
    Study study = read_study(options.study);
    apply_overrides(study, options.overrides);
    if (study.dataset.empty()) {
      throw Error({.code = ErrorCode::usage,
                   .where = options.study.string(),
                   .what = "no dataset",
                   .hint = "give --dataset DIR"});
    }
    const shard::Manifest manifest = shard::read_manifest(study.dataset);
    study.fingerprint = manifest.fingerprint;
    study.class_names = manifest.class_names;
    text = to_toml(study);
  });
  return parse_study(world.broadcast(text, 0), options.study.string());
}

// Rank 0's hold on the run folder, and what is in it already.
struct RunFolder {
  std::optional<FolderLock> lock{};
  std::vector<TrialRecord> records{};
  std::uint32_t attempt = 1;
};

void open_folder(const SweepOptions& options, const Study& study, const Log& log, RunFolder& folder) {
  make_folder(options.out / "journal");
  folder.lock.emplace(options.out, kLockWaitSeconds);
  if (std::filesystem::exists(options.out / "study.toml")) {
    for (const std::string& line : differences(read_study(options.out / "study.toml"), study))
      log.info("study changed: " + line);
  }
  Journal journal = read_journal(options.out);
  for (const std::string& warning : journal.warnings) log.warn(warning);
  folder.attempt = journal.last_attempt + 1;
  folder.records = std::move(journal.records);
  write_file(options.out / "study.toml", std::string_view(to_toml(study)));
}

std::vector<WorkItem> missing_work(const std::vector<Trial>& trials, const std::vector<TrialRecord>& records,
                                   const data::Dataset& dataset) {
  std::set<std::string> finished;
  for (const TrialRecord& record : records) {
    if (record.status != Status::failed) finished.insert(record.trial);
  }
  std::vector<WorkItem> work;
  for (const Trial& trial : trials) {
    if (!finished.contains(trial.id))
      work.push_back({trial.id, trial_cost(make_setup(trial.settings, dataset), dataset).flops});
  }
  return work;
}

// This rank's group, and all that the group owns.
struct GroupParts {
  comm::Communicator communicator;
  comm::Device device;
  std::unique_ptr<comm::Exchange> exchange;

  train::Group view() {
    if (communicator.size() == 1) return {.device = device};
    return {.communicator = &communicator, .exchange = exchange.get(), .device = device};
  }
};

GroupParts form_group(const SweepOptions& options, const comm::Session& session) {
  const comm::Communicator& world = session.world();
  GroupParts parts{world.split(world.rank() / options.width, world.rank()), {}, nullptr};
  comm::together(world, [&] { parts.device = comm::choose_device(session.node_rank(), options.device); });
  if (options.width == 1) return parts;
  if (parts.device.kind == comm::DeviceKind::cuda) {
    parts.exchange = comm::make_nccl_exchange(parts.communicator, parts.device);
  } else {
    parts.exchange = std::make_unique<comm::MpiExchange>(parts.communicator);
  }
  return parts;
}

void check_width(const SweepOptions& options, const std::vector<Trial>& trials, int world_size) {
  if (options.width < 1 || world_size % options.width != 0) {
    throw Error({.code = ErrorCode::usage,
                 .where = "--width",
                 .what = "does not divide the number of ranks",
                 .expected = "a divisor of " + std::to_string(world_size),
                 .got = std::to_string(options.width)});
  }
  for (const Trial& trial : trials) {
    if (trial.settings.train.micro_batches % static_cast<std::uint32_t>(options.width) != 0) {
      throw Error({.code = ErrorCode::usage,
                   .where = "--width",
                   .what = "does not divide train.micro_batches, so the result would depend on it",
                   .expected = "a divisor of " + std::to_string(trial.settings.train.micro_batches),
                   .got = std::to_string(options.width),
                   .hint = "--set train.micro_batches=" + std::to_string(options.width)});
    }
  }
}

// Counts what comes in on rank 0 and shows it.
class Monitor {
 public:
  Monitor(const std::vector<WorkItem>& work, int groups, bool quiet)
      : progress_("sweep", progress_style(quiet)),
        total_(work.size()),
        groups_(static_cast<std::size_t>(groups)) {
    for (const WorkItem& item : work) {
      cost_of_[item.trial] = item.cost;
      cost_left_ += item.cost;
    }
    progress_.update(0, static_cast<double>(total_), "");
  }

  void take(const std::string& json) {
    TrialRecord record = parse_record(json, "message");
    const double cost = cost_of_[record.trial];
    cost_left_ -= cost;
    cost_done_ += cost;
    images_ += static_cast<double>(record.outcome.train_images * record.outcome.epochs.size());
    failed_ += record.status == Status::failed ? 1 : 0;
    records_.push_back(std::move(record));
    const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    const auto left = static_cast<unsigned long long>(cost_left_ / cost_done_ * elapsed + 0.5);
    const std::size_t running = std::min(groups_, total_ - records_.size());
    progress_.update(static_cast<double>(records_.size()), static_cast<double>(total_),
                     std::to_string(running) + " running, " + std::to_string(failed_) + " failed, " +
                         with_commas(static_cast<unsigned long long>(images_ / elapsed)) + " images/s, " +
                         std::to_string(left / 60) + " min " + std::to_string(left % 60) + " s left");
  }

  const std::vector<TrialRecord>& records() const { return records_; }

 private:
  Progress progress_;
  std::map<std::string, double> cost_of_;
  std::vector<TrialRecord> records_;
  std::size_t total_, groups_, failed_ = 0;
  double cost_left_ = 0, cost_done_ = 0, images_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// One group's work: until there is none, lists of trials; each record into the journal, then to rank 0.
class GroupWorker {
 public:
  GroupWorker(const data::Dataset& dataset, const std::vector<Trial>& trials,
              const train::EngineLibrary& engines, GroupParts group)
      : dataset_(dataset), engines_(engines), group_(std::move(group)) {
    for (const Trial& trial : trials) trials_[trial.id] = &trial;
  }

  void run(const comm::Communicator& channel, const std::filesystem::path& out, std::uint32_t attempt) {
    const bool leads = group_.communicator.rank() == 0;
    std::optional<JournalWriter> journal;
    if (leads) journal.emplace(out, attempt, channel.rank());
    const DispatchClient client(channel);
    for (;;) {
      const std::vector<std::string> list =
          split(group_.communicator.broadcast(leads ? join(client.request(), ",") : "", 0), ',');
      if (list.empty()) return;
      for (const std::string& id : list) {
        TrialRecord record = run_trial(*trials_.at(id), dataset_, group_.view(), engines_);
        if (!leads) continue;
        record.attempt = attempt;
        record.timing.world_rank = channel.rank();
        const std::string json = to_json(record);
        journal->append(json);
        client.deliver(json);
      }
    }
  }

 private:
  const data::Dataset& dataset_;
  const train::EngineLibrary& engines_;
  GroupParts group_;
  std::map<std::string, const Trial*> trials_;
};

// Trains `work`; returns on rank 0 the records that came in.
std::vector<TrialRecord> work_off(const SweepOptions& options, const comm::Session& session,
                                  const std::vector<WorkItem>& work, std::uint32_t attempt,
                                  GroupWorker& worker) {
  const comm::Communicator channel = session.world().duplicate();
  std::optional<Monitor> monitor;
  std::optional<Dispatcher> dispatcher;
  if (session.world_rank() == 0) {
    const int groups = session.world_size() / options.width;
    monitor.emplace(work, groups, options.quiet);
    dispatcher.emplace(channel, work, groups, [&](const std::string& json) { monitor->take(json); });
  }
  worker.run(channel, options.out, attempt);
  if (dispatcher) dispatcher->finish();
  return monitor ? monitor->records() : std::vector<TrialRecord>{};
}

std::size_t count_failed(const std::vector<Trial>& trials, const std::vector<TrialRecord>& records) {
  std::set<std::string> present;
  for (const Trial& trial : trials) present.insert(trial.id);
  return static_cast<std::size_t>(
      std::count_if(records.begin(), records.end(), [&](const TrialRecord& record) {
        return record.status == Status::failed && present.contains(record.trial);
      }));
}

}  // namespace

SweepOutcome run_sweep(const SweepOptions& options, const comm::Session& session, const Log& log) {
  const comm::Communicator& world = session.world();
  Study study = share_study(options, world);
  const std::vector<Trial> trials = grid(study);

  std::optional<shard::Manifest> manifest;
  comm::together(world, [&] {
    check_width(options, trials, world.size());
    manifest = shard::read_manifest(study.dataset);
  });
  comm::NodeBuffer memory(session.node(), data::dataset_bytes(*manifest));
  memory.fill([&](std::span<std::byte> block) { data::load_dataset(study.dataset, *manifest, block); });
  const data::Dataset dataset(*manifest, memory.bytes());

  RunFolder folder;
  std::vector<WorkItem> work;
  on_root(world, [&] {
    check_trials(trials, dataset);
    open_folder(options, study, log, folder);
    work = missing_work(trials, folder.records, dataset);
    log.info(with_commas(trials.size()) + " trials, " + with_commas(trials.size() - work.size()) +
             " finished before, on " + std::to_string(world.size()) + " ranks");
  });
  const auto attempt = static_cast<std::uint32_t>(world.agree(static_cast<int>(folder.attempt)));

  std::optional<train::EngineLibrary> engines;
  comm::together(world, [&] { engines.emplace(train::default_engine_library()); });
  GroupWorker worker(dataset, trials, *engines, form_group(options, session));
  std::vector<TrialRecord> records = work_off(options, session, work, attempt, worker);
  world.barrier();
  if (world.rank() != 0) return {};

  records.insert(records.end(), std::make_move_iterator(folder.records.begin()),
                 std::make_move_iterator(folder.records.end()));
  records = unite(std::move(records));
  const std::size_t failed = count_failed(trials, records);
  return {.study = std::move(study), .records = std::move(records), .failed = failed};
}

}  // namespace titrate::sweep
