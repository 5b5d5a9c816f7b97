// What a study would run on a machine, and what that would take: time, memory, disk. Trains nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "titrate/comm/device.hpp"
#include "titrate/data/catalog.hpp"
#include "titrate/sweep/check.hpp"
#include "titrate/sweep/plan_file.hpp"
#include "titrate/sweep/weights.hpp"

namespace titrate::sweep {

// Of the nodes to plan for; 0: as this machine has them.
struct MachineRequest {
  comm::DeviceKind device = comm::DeviceKind::automatic;
  int nodes = 1;
  int ranks = 0;  // on all nodes together
  int gpus_per_node = 0;
};

struct Machine {
  comm::Device device{};  // of this machine, whose speed is measured
  int nodes = 1, ranks_per_node = 1, devices_per_node = 1;

  bool has_gpus() const { return device.kind == comm::DeviceKind::cuda; }
};

// Throws Error (usage) that names the option which fits no machine.
Machine choose_machine(const MachineRequest& request);

struct Forecast {
  PlanFile file{};
  std::size_t cells = 0;
  double images = 0, flops = 0;
  double seconds_in_order = 0;  // of ranks that take trials one by one in grid order
  std::uint64_t training_bytes = 0, checkpoint_bytes = 0;  // of the largest trial
  std::uint64_t disk_bytes = 0, dataset_bytes = 0;
};

struct ForecastOptions {
  Keep keep = Keep::none;
  int width = 0;  // as make_plan() takes it
};

// The plan of `trials`, which can all run, with what it costs: each kind of trial is probed for half a
// second. `study` is resolved. Throws Error as make_plan() does.
Forecast forecast(const study::Study& study, std::span<const study::Trial> trials, const Machine& machine,
                  const data::Dataset& dataset, const ForecastOptions& options);

// Those whose cell is not among the impossible ones.
std::vector<study::Trial> possible_trials(std::span<const study::Trial> trials,
                                          std::span<const Impossible> impossible);

// As `titrate plan` prints them: a line for each reason why cells cannot run, with their number; a line for
// each fact.
std::string to_text(std::span<const Impossible> impossible);
std::string to_text(const Forecast& forecast);

}  // namespace titrate::sweep
