#include "titrate/sweep/runner.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "titrate/comm/agreement.hpp"
#include "titrate/comm/mpi_exchange.hpp"
#include "titrate/comm/nccl_exchange.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/progress.hpp"
#include "titrate/core/text.hpp"
#include "titrate/sweep/dispatcher.hpp"
#include "titrate/sweep/journal.hpp"
#include "titrate/sweep/monitor.hpp"
#include "titrate/sweep/node_dataset.hpp"
#include "titrate/sweep/check.hpp"
#include "titrate/sweep/cost.hpp"
#include "titrate/sweep/run_trial.hpp"
#include "titrate/sweep/setup.hpp"

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

// The best of a cell is chosen by validation images; without them only test images could choose.
void check_keep(const SweepOptions& options, const std::vector<Trial>& trials) {
  if (options.keep != Keep::best) return;
  for (const Trial& trial : trials) {
    if (trial.settings.train.validation_fraction > 0) continue;
    throw Error({.code = ErrorCode::usage,
                 .where = "--keep best",
                 .what = "a cell has no validation images to choose its best trial by",
                 .hint = "set train.validation_fraction, or give --keep all"});
  }
}

// The study as rank 0 reads it, on every rank; every cell's settings are checked before anything is touched.
Study share_study(const SweepOptions& options, const comm::Communicator& world) {
  std::string text;
  on_root(world, [&] {
    const Study study = resolve_study(options.study, options.overrides);
    const shard::Manifest manifest = shard::read_manifest(study.dataset);
    const std::vector<Trial> trials = grid(study);
    for (const Trial& trial : one_of_each_cell(trials)) make_setup(trial.settings, manifest);
    check_width(options, trials, world.size());
    check_keep(options, trials);
    text = to_toml(study);
  });
  return parse_study(world.broadcast(text, 0), options.study.string());
}

// Rank 0's hold on the run folder, and what is in it already.
struct RunFolder {
  std::unique_ptr<FolderLock> lock{};
  std::optional<Study> earlier_study{};
  std::vector<TrialRecord> records{};
  std::uint32_t attempt = 1;
};

void open_folder(const std::filesystem::path& out, const Log& log, RunFolder& folder) {
  for (const char* name : {"journal", "predictions", "weights"}) make_folder(out / name);
  folder.lock = std::make_unique<FolderLock>(out, kLockWaitSeconds);
  std::error_code absent;
  if (std::filesystem::exists(out / "study.toml", absent)) {
    folder.earlier_study = read_study(out / "study.toml");
    if (folder.earlier_study->fingerprint.empty()) {
      throw Error({.code = ErrorCode::usage,
                   .where = (out / "study.toml").string(),
                   .what = "this study was written by hand, and a run would overwrite it",
                   .hint = "give --out another folder"});
    }
  }
  Journal journal = read_journal(out);
  for (const std::string& warning : journal.warnings) log.warn(warning);
  folder.attempt = journal.last_attempt + 1;
  folder.records = std::move(journal.records);
}

void warn_of_dataset(const shard::Manifest& manifest, const Log& log) {
  for (const shard::SourceInfo& source : manifest.sources) {
    const bool counted =
        source.trained_on.empty() || (source.trained_on[0] >= '0' && source.trained_on[0] <= '9');
    if (source.origin == data::Origin::synthetic && !counted) {
      log.warn("source " + source.name + ": trained_on \"" + source.trained_on +
               "\" begins with no number of real images, so it limits no arm");
    }
  }
  const shard::Leaks& leaks = manifest.leaks;
  if (leaks == shard::Leaks{}) return;
  log.warn("dataset " + manifest.name + ": " + with_commas(leaks.same_image) +
           " held-out images are in training, " + with_commas(leaks.same_family) +
           " have a relative there; scores will be too good");
}

// The study as run goes into the folder, and its difference from the one before to the person.
void publish_study(const std::filesystem::path& out, const Study& study, const RunFolder& folder,
                   const Log& log) {
  if (folder.earlier_study) {
    for (const std::string& line : differences(*folder.earlier_study, study))
      log.info("study changed: " + line);
  }
  write_file(out / "study.toml", std::string_view(to_toml(study)));
}

std::vector<WorkItem> missing_work(const std::vector<Trial>& trials, const std::vector<TrialRecord>& records,
                                   const shard::Manifest& manifest) {
  std::set<std::string> finished;
  for (const TrialRecord& record : records) {
    if (record.status != Status::failed) finished.insert(record.trial);
  }
  std::vector<WorkItem> work;
  for (const Trial& trial : trials) {
    if (!finished.contains(trial.id))
      work.push_back({trial.id, trial_cost(make_setup(trial.settings, manifest), manifest).flops});
  }
  return work;
}

void warn_of_mixed_numerics(const std::vector<TrialRecord>& records, const std::string& numerics,
                            const Log& log) {
  std::set<std::string> others;
  for (const TrialRecord& record : records) {
    if (record.status != Status::failed && record.numerics != numerics) others.insert(record.numerics);
  }
  for (const std::string& other : others) {
    log.warn("finished trials ran in numerics class " + other + ", this run is " + numerics +
             ": their bits are not comparable");
  }
}

// The trials of the present grid.
std::vector<TrialRecord> present_records(const std::vector<Trial>& trials,
                                         const std::vector<TrialRecord>& records) {
  std::set<std::string> present;
  for (const Trial& trial : trials) present.insert(trial.id);
  std::vector<TrialRecord> found;
  std::copy_if(records.begin(), records.end(), std::back_inserter(found),
               [&](const TrialRecord& record) { return present.contains(record.trial); });
  return found;
}

// Trials that finished before did not keep what is wanted now, and are not run again for it.
void tidy_weights(const SweepOptions& options, const std::vector<TrialRecord>& present, const Log& log) {
  if (options.keep == Keep::none) return;
  std::size_t missing = 0;
  if (options.keep == Keep::best) {
    missing = keep_best(options.out, present);
  } else {
    missing = static_cast<std::size_t>(
        std::count_if(present.begin(), present.end(), [&](const TrialRecord& record) {
          std::error_code unknown;
          return record.status == Status::done &&
                 !std::filesystem::exists(weights_file(options.out, record.trial), unknown);
        }));
  }
  if (missing == 0) return;
  log.warn(with_commas(missing) + (options.keep == Keep::best ? " best" : "") +
           " trials finished in an earlier run without keeping their weights; another --out runs them again");
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

// One trial is one arithmetic: ranks on unlike processors would give bits of no class.
void check_numerics(const comm::Communicator& group, const std::string& numerics) {
  const std::vector<std::string> classes = group.all_gather(numerics);
  if (std::adjacent_find(classes.begin(), classes.end(), std::not_equal_to<>()) == classes.end()) return;
  throw Error({.code = ErrorCode::usage,
               .where = "--width",
               .what = "the ranks of a group compute unlike each other: " + join(classes, ", "),
               .hint = "start the ranks of a group on nodes of one kind, or set ATEN_CPU_CAPABILITY to what "
                       "all of them have"});
}

// The ranks of a group must all have GPUs or all have none, since they share one exchange.
void check_devices(const comm::Communicator& group, const comm::Device& device) {
  const std::vector<std::string> kinds = group.all_gather(comm::to_string(device.kind));
  if (std::adjacent_find(kinds.begin(), kinds.end(), std::not_equal_to<>()) != kinds.end()) {
    throw Error({.code = ErrorCode::usage,
                 .where = "--width",
                 .what = "the ranks of a group have different kinds of device: " + join(kinds, ", "),
                 .hint = "give --device cpu, or start the same number of ranks on nodes of one kind"});
  }
}

GroupParts form_group(const SweepOptions& options, const comm::Session& session) {
  const comm::Communicator& world = session.world();
  GroupParts parts{world.split(world.rank() / options.width, world.rank()), {}, nullptr};
  comm::together(world, [&] { parts.device = comm::choose_device(session.node_rank(), options.device); });
  if (options.width == 1) return parts;
  comm::together(world, [&] { check_devices(parts.communicator, parts.device); });
  comm::together(world, [&] {
    if (parts.device.kind == comm::DeviceKind::cuda) {
      parts.exchange = comm::make_nccl_exchanges(parts.communicator, parts.device).fast;
    } else {
      parts.exchange = std::make_unique<comm::MpiExchange>(parts.communicator);
    }
  });
  return parts;
}

// One group's work: until there is none, lists of trials; each record into the journal, then to rank 0.
class GroupWorker {
 public:
  GroupWorker(const data::Dataset& dataset, const std::vector<Trial>& trials,
              const train::EngineLibrary& engines, GroupParts group, TrialFiles files)
      : dataset_(dataset), engines_(engines), group_(std::move(group)), files_(std::move(files)) {
    for (const Trial& trial : trials) trials_[trial.id] = &trial;
  }

  void run(const comm::Communicator& channel, std::uint32_t attempt) {
    const bool leads = group_.communicator.rank() == 0;
    std::optional<JournalWriter> journal;
    if (leads) journal.emplace(files_.run_folder, attempt, channel.rank());
    const DispatchClient client(channel);
    for (;;) {
      const std::vector<std::string> list =
          split(group_.communicator.broadcast(leads ? join(client.request(), ",") : "", 0), ',');
      if (list.empty()) return;
      for (const std::string& id : list) {
        TrialRecord record = run_trial(*trials_.at(id), dataset_, group_.view(), engines_, files_);
        if (!leads) continue;
        record.attempt = attempt;
        record.timing.world_rank = channel.rank();
        const std::string json = to_json(record);
        journal->append(json);
        remove_checkpoints(record, files_);
        client.deliver(json);
      }
    }
  }

 private:
  const data::Dataset& dataset_;
  const train::EngineLibrary& engines_;
  GroupParts group_;
  TrialFiles files_;
  std::map<std::string, const Trial*> trials_;
};

// Trains `work`; returns on rank 0 the records that came in.
std::vector<TrialRecord> work_off(const SweepOptions& options, const comm::Session& session,
                                  const std::vector<WorkItem>& work, std::uint32_t attempt, const Log& log,
                                  GroupWorker& worker) {
  const comm::Communicator channel = session.world().duplicate();
  std::optional<Monitor> monitor;
  std::optional<Dispatcher> dispatcher;
  if (session.world_rank() == 0) {
    const int groups = session.world_size() / options.width;
    monitor.emplace(work, groups, progress_style(options.quiet), log);
    dispatcher.emplace(channel, work, groups, *monitor);
  }
  worker.run(channel, attempt);
  if (dispatcher) dispatcher->finish();
  return monitor ? monitor->records() : std::vector<TrialRecord>{};
}

}  // namespace

SweepOutcome run_sweep(const SweepOptions& options, const comm::Session& session, const Log& log) {
  const comm::Communicator& world = session.world();
  Study study = share_study(options, world);
  const std::vector<Trial> trials = grid(study);

  RunFolder folder;
  on_root(world, [&] { open_folder(options.out, log, folder); });
  std::optional<SharedFolderHold> hold;
  comm::together(world, [&] { hold.emplace(options.out); });
  const NodeDataset loaded(session, study.dataset);
  const data::Dataset& dataset = *loaded;
  const shard::Manifest& manifest = dataset.manifest();

  std::vector<WorkItem> work;
  on_root(world, [&] {
    check_trials(trials, dataset);
    warn_of_dataset(manifest, log);
    for (const std::string& key : keys_without_effect(trials))
      log.warn(key + " has no effect on any trial of this study");
    publish_study(options.out, study, folder, log);
    work = missing_work(trials, folder.records, manifest);
    remove_finished_checkpoints(options.out, folder.records);
    if (!folder.records.empty() && present_records(trials, folder.records).empty()) {
      log.warn("none of the " + with_commas(folder.records.size()) +
               " trials in the journal is of this study: all of it runs");
    }
    log.info(with_commas(trials.size()) + " trials, " + with_commas(trials.size() - work.size()) +
             " finished before, on " + std::to_string(world.size()) +
             (world.size() == 1 ? " rank" : " ranks"));
  });
  const auto attempt = static_cast<std::uint32_t>(world.agree(static_cast<int>(folder.attempt)));
  std::vector<TrialRecord> records;
  if (world.agree(static_cast<int>(work.size())) > 0) {
    GroupParts group = form_group(options, session);
    std::optional<train::EngineLibrary> engines;
    comm::together(world, [&] { engines.emplace(train::default_engine_library()); });
    comm::together(world, [&] { check_numerics(group.communicator, engines->numerics(group.device)); });
    if (world.rank() == 0) warn_of_mixed_numerics(folder.records, engines->numerics(group.device), log);
    GroupWorker worker(dataset, trials, *engines, std::move(group),
                       {.run_folder = options.out, .keep = options.keep, .checkpoints = options.checkpoints});
    records = work_off(options, session, work, attempt, log, worker);
  }
  world.barrier();
  if (world.rank() != 0) return {};

  records.insert(records.end(), std::make_move_iterator(folder.records.begin()),
                 std::make_move_iterator(folder.records.end()));
  records = unite(std::move(records));
  const std::vector<TrialRecord> present = present_records(trials, records);
  tidy_weights(options, present, log);
  const auto failed =
      static_cast<std::size_t>(std::count_if(present.begin(), present.end(), [](const TrialRecord& record) {
        return record.status == Status::failed;
      }));
  return {.lock = std::move(folder.lock),
          .study = std::move(study),
          .records = std::move(records),
          .failed = failed};
}

}  // namespace titrate::sweep
