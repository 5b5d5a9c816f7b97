#include "titrate/sweep/runner.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <set>

#include "calibrate.hpp"
#include "disk_space.hpp"
#include "run_folder.hpp"
#include "run_plan.hpp"
#include "run_trial.hpp"
#include "titrate/comm/agreement.hpp"
#include "titrate/comm/rank.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/text.hpp"
#include "titrate/dispatch/run_jobs.hpp"
#include "titrate/study/journal.hpp"
#include "titrate/sweep/check.hpp"
#include "titrate/train/engines.hpp"
#include "titrate/train/node_dataset.hpp"
#include "titrate/train/setup.hpp"
#include "trial_jobs.hpp"

namespace titrate::sweep {
namespace {

// Runs `body` on rank 0 alone; all ranks throw what it throws.
void on_root(const comm::Communicator& world, const std::function<void()>& body) {
  comm::together(world, [&] {
    if (world.rank() == 0) body();
  });
}

// Begins the next stage on all ranks, together, since a test's fault may strike there.
void enter(const char* site, const comm::Communicator& world, comm::Watchdog& watchdog) {
  comm::together(world, [&] { watchdog.enter(site); });
}

// The same for a stage in which the other ranks wait for rank 0.
void enter_on_root(const char* site, const comm::Communicator& world, comm::Watchdog& watchdog) {
  enter(site, world, watchdog);
  if (world.rank() != 0) watchdog.idle();
}

// --keep best needs validation images: else test images would choose the best trial of a cell.
void check_keep(const SweepOptions& options, const std::vector<study::Trial>& trials) {
  if (options.keep != Keep::best) return;
  for (const study::Trial& trial : trials) {
    if (trial.settings.train.validation_fraction > 0) continue;
    throw Error({.code = ErrorCode::usage,
                 .where = "--keep best",
                 .what = "a cell has no validation images to choose its best trial by",
                 .hint = "set train.validation_fraction, or give --keep all"});
  }
}

// Throws where the dataset is not the plan's: trial ids depend on it.
void check_dataset(const study::Study& study, const shard::Manifest& manifest) {
  if (study.fingerprint == manifest.fingerprint && study.class_names == manifest.class_names) return;
  throw Error({.code = ErrorCode::integrity,
               .where = "--plan",
               .what = "the dataset in " + study.dataset + " is another than the plan was made for",
               .expected = "fingerprint " + study.fingerprint,
               .got = manifest.fingerprint,
               .hint = "make the plan again with titrate plan --out"});
}

// The device of the plan, if any, unless the user asks for another, which is refused.
comm::DeviceKind device_of(const SweepOptions& options, const std::optional<PlanFile>& planned) {
  if (!planned || planned->device == options.device) return options.device;
  if (options.device == comm::DeviceKind::automatic) return planned->device;
  throw Error({.code = ErrorCode::usage,
               .where = "--device",
               .what = "the plan was made for another device",
               .expected = choice_name(planned->device),
               .got = choice_name(options.device)});
}

// Rank 0 reads the study and checks every cell's settings, and every rank gets it.
study::Study share_study(const SweepOptions& options, const std::optional<PlanFile>& planned,
                         const comm::Communicator& world) {
  std::string text;
  on_root(world, [&] {
    const study::Study study = planned ? planned->study : resolve_study(options.study, options.overrides);
    const shard::Manifest manifest = shard::read_manifest(study.dataset);
    check_dataset(study, manifest);
    const std::vector<study::Trial> trials = grid(study);
    for (const study::Trial& trial : one_of_each_cell(trials)) train::make_setup(trial.settings, manifest);
    check_keep(options, trials);
    text = to_toml(study);
  });
  return study::parse_study(world.broadcast(text, 0), options.study.string());
}

void warn_of_dataset(const shard::Manifest& manifest, const Log& log) {
  for (const shard::SourceInfo& source : manifest.sources) {
    if (source.origin != data::Origin::synthetic || source.trained_on.empty()) continue;
    if (!train::stated_images(source.trained_on)) {
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

std::vector<study::Trial> missing_trials(const std::vector<study::Trial>& trials,
                                         const std::vector<study::TrialRecord>& records) {
  std::set<std::string> finished;
  for (const study::TrialRecord& record : records) {
    if (record.status != study::Status::failed) finished.insert(record.trial);
  }
  std::vector<study::Trial> missing;
  std::copy_if(trials.begin(), trials.end(), std::back_inserter(missing),
               [&](const study::Trial& trial) { return !finished.contains(trial.id); });
  return missing;
}

// The numerics classes of the engines that these trials take on this rank. Throws Error (usage) where one
// finds none.
std::vector<std::string> numerics_of(const std::vector<study::Trial>& trials, const shard::Manifest& manifest,
                                     const train::Engines& engines, const comm::Device& device) {
  std::set<std::string> classes;
  for (const study::Trial& trial : study::one_of_each_cell(trials)) {
    const train::TrialSetup setup = train::make_setup(trial.settings, manifest);
    classes.insert(engines.choose(setup.network, setup.train, device).numerics(device));
  }
  return {classes.begin(), classes.end()};
}

void warn_of_mixed_numerics(const std::vector<study::TrialRecord>& records,
                            const std::vector<std::string>& numerics, const Log& log) {
  std::set<std::string> others;
  for (const study::TrialRecord& record : records) {
    const auto is_alike = [&](const std::string& own) {
      return record.numerics == own || record.numerics.starts_with(own + "/");
    };
    if (record.status != study::Status::failed && std::none_of(numerics.begin(), numerics.end(), is_alike))
      others.insert(record.numerics);
  }
  for (const std::string& other : others) {
    log.warn("finished trials ran in numerics class " + other + ", this run is " + join(numerics, ", ") +
             ": their bits are not comparable");
  }
}

// With --keep best, removes all weights but the best. Warns of trials that an earlier run finished without
// keeping theirs: they are not run again for it.
void tidy_weights(const SweepOptions& options, std::span<const study::TrialRecord* const> present,
                  const Log& log) {
  if (options.keep == Keep::none) return;
  std::size_t missing = 0;
  if (options.keep == Keep::best) {
    missing = keep_best(options.out, present);
  } else {
    missing = static_cast<std::size_t>(
        std::count_if(present.begin(), present.end(), [&](const study::TrialRecord* record) {
          std::error_code unknown;
          return record->status == study::Status::done &&
                 !std::filesystem::exists(weights_file(options.out, record->trial), unknown);
        }));
  }
  if (missing == 0) return;
  log.warn(with_commas(missing) + (options.keep == Keep::best ? " best" : "") +
           " trials finished in an earlier run without keeping their weights; another --out runs them again");
}

std::vector<int> ranks_of(std::span<const dispatch::NodeRanks> nodes) {
  std::vector<int> ranks;
  for (const dispatch::NodeRanks& node : nodes)
    ranks.insert(ranks.end(), node.ranks.begin(), node.ranks.end());
  return ranks;
}

// One run of a sweep. Every function but those that say so is collective over the world.
class SweepRun {
 public:
  SweepRun(const SweepOptions& options, const comm::Session& session, comm::Watchdog& watchdog,
           const Log& log)
      : options_(options),
        session_(session),
        watchdog_(watchdog),
        world_(session.world()),
        log_(log),
        planned_(share_plan_file(options.plan, world_)),
        study_(share_study(options, planned_, world_)),
        trials_(grid(study_)) {
    comm::DeviceKind device = options.device;
    comm::together(world_, [&] { device = device_of(options, planned_); });
    ranks_ = comm::place_ranks(session, device);
    enter_on_root("open_folder", world_, watchdog_);
    on_root(world_, [&] { folder_ = open_run_folder(options_.out, log_); });
    comm::together(world_, [&] { hold_.emplace(options_.out); });
    if (folder_.attempt) watchdog_.on_end([this](const std::string& why) { folder_.attempt->fail(why); });
  }
  SweepRun(SweepRun&&) = delete;
  ~SweepRun() { watchdog_.on_end(nullptr); }

  SweepOutcome finish() {
    enter("read_dataset", world_, watchdog_);
    if (session_.node_rank() != 0) watchdog_.idle();
    const train::NodeDataset loaded(
        session_, study_.dataset, [this] { watchdog_.progress(); }, [this] { watchdog_.idle(); });
    enter_on_root("check_study", world_, watchdog_);
    on_root(world_, [&] { begin(*loaded); });
    share_missing();
    if (missing_.empty()) {
      publish();
    } else {
      train(*loaded);
    }
    watchdog_.idle("wait_for_others");
    world_.barrier();
    if (world_.rank() != 0) return {};
    watchdog_.enter("collect");
    return outcome();
  }

 private:
  // On rank 0: checks and warnings before anything runs.
  void begin(const data::Dataset& dataset) {
    check_trials(trials_, dataset);
    warn_of_dataset(dataset.manifest(), log_);
    for (const std::string& key : study::keys_without_effect(study_, trials_))
      log_.warn(key + " has no effect on any trial of this study");
    missing_ = missing_trials(trials_, folder_.records);
    check_disk_space(options_.out, missing_, dataset.manifest(), options_.keep, ranks_.size(), log_);
    remove_finished_checkpoints(options_.out, folder_.records);
    if (!folder_.records.empty() && study::present_records(trials_, folder_.records).empty()) {
      log_.warn("none of the " + with_commas(folder_.records.size()) +
                " trials in the journal is of this study: all of it runs");
    }
    log_.info(with_commas(trials_.size()) + " trials, " + with_commas(trials_.size() - missing_.size()) +
              " finished before, on " + counted(ranks_.size(), "rank"));
  }

  // To be called when nothing can be refused any more.
  void publish() {
    on_root(world_, [&] { publish_study(options_.out, study_, folder_, log_); });
  }

  void share_missing() {
    std::vector<std::string> ids;
    for (const study::Trial& trial : missing_) ids.push_back(trial.id);
    const std::vector<std::string> shared = split(world_.broadcast(join(ids, ","), 0), ',');
    const std::set<std::string> wanted(shared.begin(), shared.end());
    missing_.clear();
    std::copy_if(trials_.begin(), trials_.end(), std::back_inserter(missing_),
                 [&](const study::Trial& trial) { return wanted.contains(trial.id); });
    const int own = folder_.attempt ? static_cast<int>(folder_.attempt->number()) : 0;
    attempt_ = static_cast<std::uint32_t>(world_.agree(own));
  }

  const comm::Device& device() const { return comm::at(ranks_, world_.rank()).device; }

  void train(const data::Dataset& dataset) {
    std::optional<train::Engines> engines;
    std::vector<std::string> numerics;
    comm::together(world_, [&] {
      engines.emplace(train::engine_folder());
      numerics = numerics_of(missing_, dataset.manifest(), *engines, device());
    });
    const Workplace workplace{dataset,
                              *engines,
                              {.run_folder = options_.out,
                               .keep = options_.keep,
                               .checkpoints = options_.checkpoints,
                               .attempt = attempt_}};
    const std::vector<dispatch::NodeRanks> nodes = find_nodes(dataset.manifest());
    enter("calibrate", world_, watchdog_);
    const dispatch::Plan plan = make_shared_plan(workplace, nodes);
    publish();
    show_ranks(plan);
    enter("form_group", world_, watchdog_);
    std::optional<dispatch::WorkGroup> group =
        dispatch::form_group(world_, plan, device(), options_.exchange_timeout_seconds);
    comm::together(world_, [&] {
      if (group) dispatch::check_numerics(*group, join(numerics, ", "));
    });
    if (world_.rank() == 0) warn_of_mixed_numerics(folder_.records, numerics, log_);
    work_off(workplace, plan, nodes, std::move(group));
  }

  std::vector<dispatch::NodeRanks> find_nodes(const shard::Manifest& manifest) {
    int limit = 0;
    comm::together(world_, [&] {
      limit =
          options_.trials_per_gpu > 0 ? options_.trials_per_gpu : most_per_gpu(missing_, manifest, device());
    });
    std::vector<dispatch::NodeRanks> nodes = dispatch::working_nodes(ranks_, -world_.agree(-limit));
    const std::size_t working = ranks_of(nodes).size();
    if (world_.rank() == 0 && working < ranks_.size()) {
      log_.warn(with_commas(ranks_.size() - working) +
                " ranks have no share: more would not fit on a GPU (--trials-per-gpu)");
    }
    return nodes;
  }

  // The plan on rank 0; elsewhere its groups alone.
  dispatch::Plan make_shared_plan(const Workplace& workplace, const std::vector<dispatch::NodeRanks>& nodes) {
    std::vector<dispatch::PlannedJob> costs;
    const auto goes_on = [this] {
      watchdog_.progress();
      return !watchdog_.stop_requested();
    };
    if (!planned_) costs = calibrate(world_, missing_, workplace, {device(), ranks_of(nodes)}, goes_on);
    dispatch::Plan plan;
    on_root(world_, [&] {
      plan =
          planned_ ? fit_plan(*planned_, nodes, missing_) : dispatch::make_plan(costs, nodes, options_.width);
    });
    dispatch::share_groups(plan, world_);
    return plan;
  }

  void show_ranks(const dispatch::Plan& plan) {
    const std::string sources =
        comm::describe_sources(session_, comm::at(ranks_, world_.rank()), comm::get_environment);
    if (world_.rank() != 0 || options_.quiet) return;
    std::vector<int> group_of(ranks_.size(), -1);
    for (std::size_t group = 0; group < plan.groups.size(); ++group) {
      for (const int rank : plan.groups[group]) comm::at(group_of, rank) = static_cast<int>(group);
    }
    if (plan.groups.empty()) group_of.clear();
    std::fputs((comm::placement_table(ranks_, group_of, comm::kMostRankLines) + sources + "\n").c_str(),
               stderr);
  }

  void work_off(const Workplace& workplace, const dispatch::Plan& plan,
                const std::vector<dispatch::NodeRanks>& nodes, std::optional<dispatch::WorkGroup> group) {
    TrialJobs jobs(missing_, workplace, world_.rank());
    dispatch::run_jobs({world_, watchdog_, log_},
                       {.title = "sweep",
                        .noun = "trial",
                        .run_folder = options_.out,
                        .study = study_.name,
                        .attempt = attempt_,
                        .ranks = ranks_,
                        .working_ranks = ranks_of(nodes),
                        .jobs = trials_.size(),
                        .quiet = options_.quiet},
                       plan, std::move(group), jobs);
    records_ = jobs.take_records();
  }

  // On rank 0.
  SweepOutcome outcome() {
    const std::size_t not_run = missing_.size() - records_.size();
    records_.insert(records_.end(), std::make_move_iterator(folder_.records.begin()),
                    std::make_move_iterator(folder_.records.end()));
    records_ = unite(std::move(records_));
    const std::vector<const study::TrialRecord*> present = study::present_records(trials_, records_);
    tidy_weights(options_, present, log_);
    const auto failed = std::count_if(present.begin(), present.end(), [](const study::TrialRecord* record) {
      return record->status == study::Status::failed;
    });
    watchdog_.on_end(nullptr);  // it goes on to another owner
    return {.lock = std::move(folder_.lock),
            .attempt = std::move(folder_.attempt),
            .study = std::move(study_),
            .trials = std::move(trials_),
            .records = std::move(records_),
            .failed = static_cast<std::size_t>(failed),
            .missing = not_run};
  }

  const SweepOptions& options_;
  const comm::Session& session_;
  comm::Watchdog& watchdog_;
  const comm::Communicator& world_;
  const Log& log_;
  std::optional<PlanFile> planned_;
  study::Study study_;
  std::vector<study::Trial> trials_;  // the grid
  std::vector<comm::Placement> ranks_;
  RunFolder folder_{};
  std::uint32_t attempt_ = 0;
  std::optional<SharedFolderHold> hold_;
  std::vector<study::Trial> missing_{};
  std::vector<study::TrialRecord> records_{};  // of this run, on rank 0
};

}  // namespace

SweepOutcome run_sweep(const SweepOptions& options, const comm::Session& session, comm::Watchdog& watchdog,
                       const Log& log) {
  enter_on_root("read_study", session.world(), watchdog);
  return SweepRun(options, session, watchdog, log).finish();
}

}  // namespace titrate::sweep
