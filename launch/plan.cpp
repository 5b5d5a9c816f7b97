#include "plan.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <set>

#include "study_options.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/parallel.hpp"
#include "titrate/core/text.hpp"
#include "titrate/sweep/check.hpp"
#include "titrate/sweep/cost.hpp"
#include "titrate/sweep/setup.hpp"

namespace titrate {
namespace {

constexpr double kProbeSeconds = 0.5;

struct Options {
  StudyOptions study{};
  unsigned ranks = usable_processors();
};

// Owns the memory that the dataset looks at.
struct LoadedDataset {
  std::vector<std::byte> block;
  data::Dataset dataset;
};

std::unique_ptr<LoadedDataset> load(const std::string& folder) {
  const shard::Manifest manifest = shard::read_manifest(folder);
  std::vector<std::byte> block(data::dataset_bytes(manifest));
  data::load_dataset(folder, manifest, block);
  const std::span<const std::byte> view(block);
  return std::make_unique<LoadedDataset>(LoadedDataset{std::move(block), data::Dataset(manifest, view)});
}

struct Totals {
  std::size_t cells = 0, trials = 0;
  double images = 0, flops = 0, seconds = 0, longest = 0;
};

// Trials that agree in these take the same time for an image.
std::string what_sets_the_speed(const sweep::Settings& settings) {
  const train::TrainSettings& train = settings.train;
  const std::string noisy = settings.data.noise_level > 0 ? "noisy" : "clean";
  return join(settings.network.layers, ";") + settings.network.name + " " +
         std::to_string(settings.network.side) + " " + noisy + " " + join(settings.data.denoise, ";") +
         join(train.augment, ";") + " " + train.optimizer + " " + train.precision + " " +
         std::to_string(train.batch_size) + " " + std::to_string(train.micro_batches);
}

// Sums over the trials that can run. Time is that of one image on this machine's CPU, probed once per kind of
// trial.
Totals add_up(const std::vector<sweep::Trial>& trials, const std::set<std::string>& impossible,
              const data::Dataset& dataset) {
  const train::EngineLibrary engines(train::default_engine_library());
  std::map<std::string, double> probed;
  std::set<std::string> cells;
  Totals totals;
  for (const sweep::Trial& trial : trials) {
    const std::string cell = sweep::cell_key(trial.settings);
    if (impossible.contains(cell)) continue;
    cells.insert(cell);
    const train::TrialSetup setup = sweep::make_setup(trial.settings, dataset.manifest());
    const sweep::TrialCost cost = sweep::trial_cost(setup, dataset.manifest());
    double& seconds_per_image = probed[what_sets_the_speed(trial.settings)];
    if (seconds_per_image == 0) {
      seconds_per_image = sweep::probe_seconds_per_image(setup, dataset, engines, kProbeSeconds);
    }
    const double seconds = static_cast<double>(cost.images) * seconds_per_image;
    totals.trials += 1;
    totals.images += static_cast<double>(cost.seen);
    totals.flops += cost.flops;
    totals.seconds += seconds;
    totals.longest = std::max(totals.longest, seconds);
  }
  totals.cells = cells.size();
  return totals;
}

// One line for each reason, with how many cells it stops. Returns their keys.
std::set<std::string> tell_impossible(const std::vector<sweep::Trial>& trials, const data::Dataset& dataset) {
  std::set<std::string> cells;
  std::map<std::string, std::size_t> reasons;
  for (const sweep::Impossible& cell : sweep::impossible_cells(trials, dataset)) {
    cells.insert(sweep::cell_key(cell.settings));
    ++reasons[cell.reason];
  }
  for (const auto& [reason, count] : reasons)
    std::printf("impossible, %s %s: %s\n", with_commas(count).c_str(), count == 1 ? "cell" : "cells",
                reason.c_str());
  return cells;
}

int run(const Options& options) {
  const sweep::Study study = sweep::resolve_study(options.study.file, options.study.overrides);
  const auto loaded = load(study.dataset);
  const std::vector<sweep::Trial> trials = sweep::grid(study);
  for (const std::string& key : sweep::keys_without_effect(trials))
    std::printf("no effect: %s, on any trial\n", key.c_str());
  const std::set<std::string> impossible = tell_impossible(trials, loaded->dataset);
  const Totals totals = add_up(trials, impossible, loaded->dataset);
  const double makespan = std::max(totals.longest, totals.seconds / options.ranks);
  std::printf("cells             %s\n", with_commas(totals.cells).c_str());
  std::printf("trials            %s\n", with_commas(totals.trials).c_str());
  std::printf("training images   %s\n", with_commas(static_cast<unsigned long long>(totals.images)).c_str());
  std::printf("operations        %.3g PFLOP\n", totals.flops / 1e15);
  std::printf("core time         %.0f s\n", totals.seconds);
  std::printf("on %u ranks        %.0f s, the longest trial %.0f s\n", options.ranks, makespan,
              totals.longest);
  if (impossible.empty()) return 0;
  std::printf("impossible cells  %zu\n", impossible.size());
  return static_cast<int>(ErrorCode::usage);
}

}  // namespace

void add_plan(CLI::App& app, Verb& verb) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("plan", "what a study would run, and how long it would take; trains nothing");
  bind_study(*command, options->study);
  command->add_option("--ranks", options->ranks, "ranks to plan for")
      ->capture_default_str()
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->callback([options, &verb] { verb = [options] { return run(*options); }; });
}

}  // namespace titrate
