#include "titrate/sweep/forecast.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "cost.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/parallel.hpp"
#include "titrate/train/setup.hpp"

namespace titrate::sweep {
namespace {

constexpr double kProbeSeconds = 0.5;

std::vector<dispatch::NodeRanks> nodes_of(const Machine& machine) {
  const auto nodes = static_cast<std::size_t>(machine.nodes);
  return number_nodes(std::vector<int>(nodes, machine.ranks_per_node),
                      std::vector<int>(nodes, machine.devices_per_node));
}

}  // namespace

Machine choose_machine(const MachineRequest& request) {
  Machine machine{.device = comm::choose_device(0, request.device), .nodes = request.nodes};
  if (request.gpus_per_node > 0 && !machine.has_gpus()) {
    throw Error({.code = ErrorCode::usage,
                 .where = "--gpus-per-node",
                 .what = "the plan is for processors",
                 .hint = "plan on a machine with a GPU, whose speed is measured"});
  }
  if (request.ranks % request.nodes != 0) {
    throw Error({.code = ErrorCode::usage,
                 .where = "--ranks",
                 .what = "every node is to have the same number of them",
                 .expected = "a multiple of --nodes " + std::to_string(request.nodes),
                 .got = std::to_string(request.ranks)});
  }
  const int gpus = request.gpus_per_node > 0 ? request.gpus_per_node : comm::visible_gpus();
  const int alone = machine.has_gpus() ? gpus : static_cast<int>(usable_processors());
  machine.ranks_per_node = request.ranks > 0 ? request.ranks / request.nodes : alone;
  machine.devices_per_node =
      machine.has_gpus() ? std::min(gpus, machine.ranks_per_node) : machine.ranks_per_node;
  return machine;
}

Forecast forecast(const study::Study& study, std::span<const study::Trial> trials, const Machine& machine,
                  const data::Dataset& dataset, const ForecastOptions& options) {
  const shard::Manifest& manifest = dataset.manifest();
  const train::Engines engines(train::engine_folder());
  std::map<std::string, double> seconds_per_image;  // by kind
  std::set<std::string> cells;
  std::vector<dispatch::PlannedJob> jobs;
  Forecast total{.file = {.study = study, .device = machine.device.kind, .nodes = nodes_of(machine)},
                 .dataset_bytes = data::dataset_bytes(manifest)};
  for (const study::Trial& trial : trials) {
    cells.insert(study::cell_key(trial.settings));
    const train::TrialSetup setup = train::make_setup(trial.settings, manifest);
    double& probed = seconds_per_image[study::speed_class(trial.settings)];
    if (probed == 0) probed = probe_seconds_per_image(setup, dataset, engines, machine.device, kProbeSeconds);
    jobs.push_back(planned_trial(trial, setup, manifest, probed));
    const TrialCost cost = trial_cost(setup, manifest);
    total.images += static_cast<double>(cost.seen);
    total.flops += cost.flops;
    total.training_bytes = std::max(total.training_bytes, training_bytes(setup));
    total.checkpoint_bytes = std::max(total.checkpoint_bytes, checkpoint_disk_bytes(setup));
    total.disk_bytes += trial_disk_bytes(setup, manifest, options.keep);
  }
  total.cells = cells.size();
  total.file.plan = dispatch::make_plan(jobs, total.file.nodes, options.width);
  total.seconds_in_order = dispatch::simulate_in_order(jobs, total.file.plan.ranks);
  return total;
}

std::vector<study::Trial> possible_trials(std::span<const study::Trial> trials,
                                          std::span<const Impossible> impossible) {
  std::set<std::string> cells;
  for (const Impossible& cell : impossible) cells.insert(study::cell_key(cell.settings));
  std::vector<study::Trial> possible;
  std::copy_if(trials.begin(), trials.end(), std::back_inserter(possible),
               [&](const study::Trial& trial) { return !cells.contains(study::cell_key(trial.settings)); });
  return possible;
}

}  // namespace titrate::sweep
