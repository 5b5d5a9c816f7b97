#include "plan.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <set>

#include "study_options.hpp"
#include "titrate/comm/device.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/parallel.hpp"
#include "titrate/core/text.hpp"
#include "titrate/sweep/check.hpp"
#include "titrate/sweep/cost.hpp"
#include "titrate/sweep/plan_file.hpp"
#include "titrate/train/setup.hpp"

namespace titrate {
namespace {

constexpr double kProbeSeconds = 0.5;

struct Options {
  StudyOptions study{};
  int ranks = 0, width = 0, gpus_per_node = 0;  // 0: auto
  int nodes = 1;
  std::string device = "auto", keep = "none";
  std::string out{};
};

// What is planned for.
struct Machine {
  comm::Device device{};  // of this machine, to probe on
  int nodes = 1, ranks_per_node = 1, devices_per_node = 1;
  bool has_gpus() const { return device.kind == comm::DeviceKind::cuda; }
};

Machine machine_of(const Options& options) {
  Machine machine{.device = comm::choose_device(0, comm::parse_device_kind(options.device)),
                  .nodes = options.nodes};
  if (options.gpus_per_node > 0 && !machine.has_gpus()) {
    throw Error({.code = ErrorCode::usage,
                 .where = "--gpus-per-node",
                 .what = "the plan is for processors",
                 .hint = "plan on a machine with a GPU, whose speed is measured"});
  }
  if (options.ranks % options.nodes != 0) {
    throw Error({.code = ErrorCode::usage,
                 .where = "--ranks",
                 .what = "every node is to have the same number of them",
                 .expected = "a multiple of --nodes " + std::to_string(options.nodes),
                 .got = std::to_string(options.ranks)});
  }
  const int gpus = options.gpus_per_node > 0 ? options.gpus_per_node : comm::visible_gpus();
  const int alone = machine.has_gpus() ? gpus : static_cast<int>(usable_processors());
  machine.ranks_per_node = options.ranks > 0 ? options.ranks / options.nodes : alone;
  machine.devices_per_node =
      machine.has_gpus() ? std::min(gpus, machine.ranks_per_node) : machine.ranks_per_node;
  return machine;
}

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

// Of the trials that can run.
struct Costs {
  std::vector<sweep::PlannedTrial> trials{};  // in the order of the grid
  std::size_t cells = 0;
  double images = 0, flops = 0;
  std::uint64_t training_bytes = 0, checkpoint_bytes = 0;  // of the largest
  std::uint64_t disk_bytes = 0;
};

// Time is that of an image on this machine, probed once per kind of trial.
Costs add_up(const std::vector<study::Trial>& trials, const data::Dataset& dataset,
             const comm::Device& device, sweep::Keep keep) {
  const shard::Manifest& manifest = dataset.manifest();
  const train::EngineLibrary engines(train::default_engine_library());
  std::map<std::string, double> probed;
  std::set<std::string> cells;
  Costs costs;
  for (const study::Trial& trial : trials) {
    cells.insert(study::cell_key(trial.settings));
    const train::TrialSetup setup = train::make_setup(trial.settings, manifest);
    double& seconds_per_image = probed[study::speed_class(trial.settings)];
    if (seconds_per_image == 0)
      seconds_per_image = sweep::probe_seconds_per_image(setup, dataset, engines, device, kProbeSeconds);
    costs.trials.push_back(sweep::planned_trial(trial, setup, manifest, seconds_per_image));
    const sweep::TrialCost cost = sweep::trial_cost(setup, manifest);
    costs.images += static_cast<double>(cost.seen);
    costs.flops += cost.flops;
    costs.training_bytes = std::max(costs.training_bytes, sweep::training_bytes(setup));
    costs.checkpoint_bytes = std::max(costs.checkpoint_bytes, sweep::checkpoint_disk_bytes(setup));
    costs.disk_bytes += sweep::trial_disk_bytes(setup, manifest, keep);
  }
  costs.cells = cells.size();
  return costs;
}

// The trials that can run; one line for each reason why others cannot, with how many cells it stops.
std::vector<study::Trial> possible_trials(const std::vector<study::Trial>& trials,
                                          const data::Dataset& dataset) {
  std::set<std::string> cells;
  std::map<std::string, std::size_t> reasons;
  for (const sweep::Impossible& cell : sweep::impossible_cells(trials, dataset)) {
    cells.insert(study::cell_key(cell.settings));
    ++reasons[cell.reason];
  }
  for (const auto& [reason, count] : reasons)
    std::printf("impossible, %s %s: %s\n", with_commas(count).c_str(), count == 1 ? "cell" : "cells",
                reason.c_str());
  std::vector<study::Trial> possible;
  std::copy_if(trials.begin(), trials.end(), std::back_inserter(possible),
               [&](const study::Trial& trial) { return !cells.contains(study::cell_key(trial.settings)); });
  return possible;
}

void print(const char* label, const std::string& text) { std::printf("%-18s%s\n", label, text.c_str()); }

std::string in_digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

std::string in_seconds(double seconds) { return fixed(seconds, seconds < 10 ? 1 : 0) + " s"; }

void print_widths(const sweep::Plan& plan) {
  std::map<int, std::size_t> trials, groups;
  for (const sweep::PlannedTrial& trial : plan.trials) ++trials[trial.width];
  for (const std::vector<int>& group : plan.groups) ++groups[static_cast<int>(group.size())];
  for (const auto& [width, count] : trials) {
    if (width == 1) {
      print("  on one rank", with_commas(count));
    } else {
      print(("  on " + std::to_string(width) + " ranks").c_str(),
            with_commas(count) + ", in " + counted(groups[width], "group"));
    }
  }
}

// The makespan beside what cannot be beaten, and beside ranks that take trials one by one in grid order.
void print_time(const sweep::PlanFile& file, const Costs& costs) {
  const sweep::Plan& plan = file.plan;
  double busy = 0;
  for (const sweep::PlannedTrial& trial : plan.trials)
    busy += trial.width * sweep::seconds_at(trial, trial.width);
  const bool has_gpus = file.device == comm::DeviceKind::cuda;
  double devices = plan.ranks;
  if (has_gpus) {
    devices = 0;
    for (const sweep::NodeRanks& node : file.nodes) devices += node.devices;
  }
  if (plan.ranks > devices) print("note", "ranks that share a GPU are planned as if each had its own");
  print("makespan", in_seconds(plan.makespan_seconds) + " on " + counted(plan.ranks, "rank"));
  print("  ideal", in_seconds(plan.ideal_seconds));
  if (plan.least_seconds > 1.001 * plan.ideal_seconds)
    print("  at the least", in_seconds(plan.least_seconds) + ", since width costs work");
  print("  in grid order", in_seconds(sweep::simulate_in_order(costs.trials, plan.ranks)) + ", one by one");
  const double share = busy / std::max(1e-9, plan.makespan_seconds * plan.ranks);
  print(has_gpus ? "GPU-hours" : "core-hours",
        in_digits(plan.makespan_seconds * devices / 3600) + ", " + fixed(100 * share, 1) + " % busy");
}

void print_space(const sweep::PlanFile& file, const Costs& costs, std::size_t dataset_bytes) {
  const bool has_gpus = file.device == comm::DeviceKind::cuda;
  const std::uint64_t rank = sweep::program_bytes(file.device) + (has_gpus ? 0 : costs.training_bytes);
  const std::uint64_t node = rank * file.nodes[0].ranks.size() + dataset_bytes;
  print("memory", in_megabytes(rank) + " a rank, " + in_megabytes(node) + " a node");
  if (has_gpus) print("GPU memory", in_megabytes(costs.training_bytes) + " a rank, beside CUDA's own");
  const std::size_t workers = static_cast<std::size_t>(file.plan.ranks);
  print("disk", in_megabytes(costs.disk_bytes) + ", and up to " +
                    in_megabytes(costs.checkpoint_bytes * workers) + " of checkpoints on the way");
}

std::string shell_word(const std::string& text) {
  const auto is_plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("_./=,:+-").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_plain)) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// What to type, with a run folder named after the study.
std::string command_line(const Options& options, const Machine& machine, const std::string& name) {
  std::vector<std::string> words;
  if (options.out.empty()) {
    words.push_back(options.study.file);
    const study::StudyOverrides& overrides = options.study.overrides;
    if (!overrides.dataset.empty()) words.insert(words.end(), {"--dataset", overrides.dataset});
    for (const std::string& text : overrides.set) words.insert(words.end(), {"--set", text});
    for (const std::string& text : overrides.axes) words.insert(words.end(), {"--axis", text});
    if (options.width > 0) words.insert(words.end(), {"--width", std::to_string(options.width)});
  } else {
    words.insert(words.end(), {"--plan", options.out});
  }
  words.insert(words.end(), {"--out", "runs/" + name});
  const bool on_cpus_of_a_cluster = machine.nodes > 1 && !machine.has_gpus();
  if (options.device != "auto" || on_cpus_of_a_cluster)
    words.insert(words.end(), {"--device", on_cpus_of_a_cluster ? "cpu" : options.device});
  if (options.keep != "none") words.insert(words.end(), {"--keep", options.keep});
  const std::string ranks = std::to_string(machine.ranks_per_node);
  std::string line = "mpirun -np " + ranks + " build/titrate sweep";
  if (machine.nodes > 1) {
    line = "sbatch --nodes=" + std::to_string(machine.nodes) + " --ntasks-per-node=" + ranks;
    line += " --gpus-per-node=" + std::to_string(machine.has_gpus() ? machine.devices_per_node : 0);
    if (!machine.has_gpus()) line += " --cpus-per-task=1";
    line += " slurm/sweep.sbatch";
  }
  for (const std::string& word : words) line += " " + shell_word(word);
  return line;
}

int run(const Options& options) {
  const Machine machine = machine_of(options);
  const sweep::Keep keep = sweep::parse_keep(options.keep, "--keep");
  const study::Study study = study::resolve_study(options.study.file, options.study.overrides);
  const auto loaded = load(study.dataset);
  const std::vector<study::Trial> trials = study::grid(study);
  for (const std::string& key : study::keys_without_effect(trials))
    std::printf("no effect: %s, on any trial\n", key.c_str());
  const std::vector<study::Trial> possible = possible_trials(trials, loaded->dataset);
  const Costs costs = add_up(possible, loaded->dataset, machine.device, keep);

  const auto nodes = static_cast<std::size_t>(machine.nodes);
  sweep::PlanFile file{.study = study,
                       .device = machine.device.kind,
                       .nodes = sweep::number_nodes(std::vector<int>(nodes, machine.ranks_per_node),
                                                    std::vector<int>(nodes, machine.devices_per_node))};
  file.plan = sweep::make_plan(costs.trials, file.nodes, options.width);
  print("cells", with_commas(costs.cells));
  print("trials", with_commas(costs.trials.size()));
  print_widths(file.plan);
  print("training images", with_commas(static_cast<unsigned long long>(costs.images)));
  print("operations", in_digits(costs.flops / 1e15) + " PFLOP");
  print_time(file, costs);
  print_space(file, costs, loaded->block.size());
  if (possible.size() < trials.size()) {
    std::printf("no plan is of use before all cells can run\n");
    return static_cast<int>(ErrorCode::usage);
  }
  if (!options.out.empty()) write_file(options.out, std::string_view(sweep::to_json(file)));
  print("run", command_line(options, machine, study.name));
  return 0;
}

}  // namespace

void add_plan(CLI::App& app, Verb& verb) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("plan", "what a study would run, and how long it would take; trains nothing");
  bind_study(*command, options->study);
  bind_count(
      *command, "--ranks", options->ranks,
      "ranks to plan for, on all nodes together; auto: on each as many as this machine has processors, "
      "or GPUs");
  command->add_option("--nodes", options->nodes, "nodes to plan for")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000))
      ->type_name("N");
  bind_count(*command, "--gpus-per-node", options->gpus_per_node, "GPUs of each node; auto: as this machine");
  bind_count(*command, "--width", options->width,
             "ranks that train a trial together; auto: one, but more for the longest trials where "
             "train.micro_batches allows it");
  command->add_option("--device", options->device, "auto, cpu or cuda")
      ->capture_default_str()
      ->type_name("D");
  command->add_option("--keep", options->keep, "weights that the sweep keeps: none, best or all")
      ->capture_default_str()
      ->type_name("WHICH");
  command->add_option("--out", options->out, "writes the plan, for titrate sweep --plan")->type_name("FILE");
  command->callback([options, &verb] { verb = [options] { return run(*options); }; });
}

}  // namespace titrate
